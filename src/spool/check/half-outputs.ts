import { join } from "node:path";
import { confined } from "../../image/confined.ts";
import { isInside, TEMPORARY_PREFIX } from "../../image/paths.ts";
import { removeAll } from "../../image/replace.ts";
import { ignoring, type System } from "../../system.ts";
import { placesOf } from "../places.ts";
import type { Check, CheckContext } from "./context.ts";
import type { Finding } from "./finding.ts";

/**
 * Temporaries of this spool beside the outputs of tasks that it knows, of attempts that are not under way. What keeps an
 * old output while a new one takes its place may be the only copy, and is left.
 */
export const checkHalfOutputs: Check = async (context) => {
  const { system, layout, spoolTag, roots } = context;
  const ours = new RegExp(`^\\${TEMPORARY_PREFIX}${spoolTag}-([1-9]\\d*)-a(\\d+)-\\d+\\.tmp(?:\\.early|\\.old)?$`);
  const found: { path: string; number: number; attempt: number }[] = [];
  for (const directory of await realDirectories(system, context.outputDirectories)) {
    if (!isInside(directory, roots)) continue;
    for (const name of (await ignoring(UNREADABLE, system.fs.readdir(directory))) ?? []) {
      const [, number, attempt] = ours.exec(name) ?? [];
      if (number !== undefined)
        found.push({ path: join(directory, name), number: Number(number), attempt: Number(attempt) });
    }
  }
  const places = await placesOf(system, layout, new Set(found.map(({ number }) => number)));
  const findings: Finding[] = [];
  for (const { path, number, attempt } of found) {
    // Also of an attempt whose daemon died: the next start completes what it had begun to publish.
    const isActive = places.get(number)?.some(({ state, entry }) => state === "active" && entry.attempt === attempt);
    if (!isActive && !(await isBeingSwept(context, path))) findings.push(await halfOutput(system, path, number));
  }
  return findings;
};

const UNREADABLE = ["ENOENT", "ENOTDIR", "EACCES"];

/** Links are followed: an output lies where its directory really is. */
async function realDirectories({ fs }: System, directories: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const real = new Set<string>();
  for (const directory of directories) {
    const path = await ignoring(UNREADABLE, fs.realpath(directory));
    if (path !== undefined) real.add(path);
  }
  return real;
}

/** A daemon that has just given up an attempt is about to remove what it left. */
async function isBeingSwept({ system, owner }: CheckContext, path: string): Promise<boolean> {
  const stat = await ignoring(["ENOENT"], system.fs.lstat(path));
  return owner !== undefined && stat !== undefined && system.nowMs() - stat.mtimeMs < SWEPT_WITHIN_MS;
}

const SWEPT_WITHIN_MS = 60_000;

async function halfOutput(system: System, path: string, number: number): Promise<Finding> {
  const code = "half-output";
  if (await keepsOld(system, path)) {
    return { code, path, tells: `it keeps what lay there before task ${number}; look whether that is needed` };
  }
  const apply = async (): Promise<void> => {
    if (!(await keepsOld(system, path))) await confined(system, (inside) => removeAll(inside, path));
  };
  return { code, path, tells: `task ${number} is not at work`, mend: { needsLock: true, apply } };
}

/** A directory of tiles may hold the old ones as well. */
async function keepsOld({ fs }: System, path: string): Promise<boolean> {
  const within = (await ignoring(["ENOENT", "ENOTDIR"], fs.readdir(path))) ?? [];
  return [path, ...within].some((name) => name.endsWith(".old"));
}
