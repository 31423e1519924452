/** What the faults of a soak are done to. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { askDaemon, type DaemonStatus } from "../../../src/spool/control.ts";
import { layoutOf } from "../../../src/spool/layout.ts";
import { realSystem } from "../../../src/system.ts";
import type { Member, Producer } from "../live/crew.ts";
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

/** Waits until a condition holds. @returns false when it does not in time */
export async function within(ms: number, condition: () => boolean | Promise<boolean>): Promise<boolean> {
  for (const end = performance.now() + ms; performance.now() < end; await sleep(20)) if (await condition()) return true;
  return condition();
}

/** What the daemon says of itself; undefined when it does not answer. */
export async function statusOf({ spool }: Pick<Scene, "spool">): Promise<DaemonStatus | undefined> {
  const status = await askDaemon(realSystem(), layoutOf(spool), { ask: "status" }, 2_000).catch(() => undefined);
  return typeof status === "object" ? status : undefined;
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
