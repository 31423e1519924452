/**
 * Temporaries are gone, or young. Beside outputs they are called `.spoold-TAG-NUMBER-aATTEMPT-PLACE.tmp`, with `.early`
 * or `.old` behind it for some of them; in the spool they lie in `tmp/`, where nothing older than 36 hours may be.
 */
import { lstat, opendir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Findings } from "./findings.ts";

const STALE_MS = 36 * 60 * 60 * 1_000;

/** What the name of a temporary beside an output tells. */
export interface Temporary {
  readonly path: string;
  readonly number: number;
  readonly attempt: number;
}

const TEMPORARY = /^\.spoold-[0-9a-f]+-(\d+)-a(\d+)-\d+\.tmp(\.early|\.old)?$/;

/** @returns undefined for a name that is no temporary's */
export function temporaryNamed(directory: string, name: string): Temporary | undefined {
  const [, number, attempt] = TEMPORARY.exec(name) ?? [];
  return number === undefined
    ? undefined
    : { path: join(directory, name), number: Number(number), attempt: Number(attempt) };
}

/** @param isAtRest whether those beside outputs must be gone too: no attempt is under way */
export async function checkLeftovers(
  { spool, root }: { readonly spool: string; readonly root: string },
  { findings, isAtRest }: { readonly findings: Findings; readonly isAtRest: boolean },
): Promise<void> {
  for (const name of await readdir(join(spool, "tmp"))) {
    const stat = await lstat(join(spool, "tmp", name)).catch(() => undefined);
    if (stat === undefined) continue;
    findings.count("temporariesInSpool");
    if (Date.now() - stat.mtimeMs > STALE_MS) findings.say(`tmp/${name} is older than any that is written`);
  }
  if (!isAtRest) return;
  for await (const path of hiddenBelow(root, spool)) findings.say(`${path} was left beside the outputs`);
}

/** All files and directories of ours below a directory that hide beside outputs. */
async function* hiddenBelow(directory: string, spool: string): AsyncGenerator<string> {
  for await (const entry of await opendir(directory)) {
    const path = join(directory, entry.name);
    if (entry.name.startsWith(".spoold-")) yield path;
    else if (entry.isDirectory() && path !== spool && entry.name !== "node_modules") yield* hiddenBelow(path, spool);
  }
}
