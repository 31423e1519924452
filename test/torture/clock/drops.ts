import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A drop that is written over and over, and must not be taken before it is left alone. */
export interface Rewritten {
  readonly name: string;
  /** What its last version says of itself. */
  readonly last: string;
  /** Whether it was never left alone for as long as a drop settles, so that an early version must not be taken. */
  readonly isSteady: boolean;
  readonly leftMs: number;
}

/** Long enough for a busy machine between two versions. */
export const SETTLE_MS = 1_500;
const VERSIONS = 6;
const MOST_PAUSE_MS = 500;

/** Writes whole JSON each time, in place; whoever trusted the clock would take one of the first. */
export async function rewriteDrop(spool: string, name: string, random: () => number): Promise<Rewritten> {
  mkdirSync(join(spool, "tasks"), { recursive: true });
  let [isSteady, writtenMs] = [true, performance.now()];
  for (let version = 1; version <= VERSIONS; version++) {
    if (version > 1) await sleep(MOST_PAUSE_MS * random());
    const task = { handler: "work", reads: [], writes: [], summary: `${name} ${version}` };
    // What was written before may have been taken: then this is another drop, and the first one was taken too early.
    writeFileSync(join(spool, "tasks", `${name}.json`), JSON.stringify(task));
    isSteady &&= performance.now() - writtenMs < SETTLE_MS * 0.8;
    writtenMs = performance.now();
  }
  return { name, last: `${name} ${VERSIONS}`, isSteady, leftMs: writtenMs };
}

/** What the receipts say that has been done of a drop. */
export function versionsDone(spool: string, name: string): readonly string[] {
  const done = join(spool, "done");
  const receipts = readdirSync(done).filter((file) => file.endsWith(".json"));
  const summaries = receipts.map((file) =>
    String((JSON.parse(readFileSync(join(done, file), "utf8")) as { summary: string }).summary),
  );
  return summaries.filter((summary) => summary.startsWith(`${name} `));
}
