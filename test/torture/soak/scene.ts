/** What the faults of a soak are done to. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Member, Producer } from "../live/crew.ts";
import { within } from "../live/waiting.ts";
import type { SmallDisk } from "./small-disk.ts";

export interface Scene {
  readonly directory: string;
  readonly spool: string;
  readonly daemon: Member;
  readonly producers: Producer[];
  /** Undefined where none can be mounted. */
  readonly disk: SmallDisk | undefined;
  readonly random: () => number;
  /** Starts another producer in the place of one that has ended. */
  readonly replace: (index: number) => void;
  /** Looks whether the spool is sound, of which nothing moves now. */
  readonly check: () => Promise<void>;
}

/** How many names lie in directories of the spool. */
export async function namesIn({ spool }: Pick<Scene, "spool">, ...states: readonly string[]): Promise<number> {
  const counts = await Promise.all(states.map(async (state) => (await readdir(join(spool, state))).length));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Stops a process by a signal, lets something happen, and lets it go on. @returns whether it stood still */
export async function whileStopped({ pid }: Member, work: () => Promise<unknown>): Promise<boolean> {
  process.kill(pid, "SIGSTOP");
  try {
    if (!(await within(2_000, async () => (await processState(pid)) === "T"))) return false;
    await work();
    return (await processState(pid)) === "T";
  } finally {
    process.kill(pid, "SIGCONT");
  }
}

async function processState(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
}
