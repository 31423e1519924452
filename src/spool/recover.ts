import { join } from "node:path";
import { ignoring, type System } from "../system.ts";
import { readName } from "../task/name.ts";
import { forgetAttempts } from "./attempts.ts";
import type { ActiveTask } from "./claim.ts";
import { numbersIn } from "./find.ts";
import { dropEnded, hasReceipt } from "./finish.ts";
import { restoreTakenDrops } from "./intake.ts";
import type { Layout } from "./layout.ts";
import { openPruned } from "./pruned.ts";

/** Writers give up long before this; a temporary this old belongs to nobody (the rule of Maildir and qmail). */
export const STALE_TEMPORARY_MS = 36 * 60 * 60 * 1_000;

/** What a start found. */
export interface Recovery {
  /** Claims of a daemon that died: with one exclusive lock each of them is an orphan and goes on at once. */
  readonly orphans: readonly ActiveTask[];
  /** Numbers whose receipt was there already: only their task file was left. */
  readonly finished: readonly number[];
  /** Names of drops put back that were being taken in. */
  readonly restored: readonly string[];
  readonly sweptTemporaries: number;
}

/** Puts the spool in order after a daemon that died at any point. Must hold the daemon lock; may be repeated. */
export async function recover(system: System, layout: Layout): Promise<Recovery> {
  const orphans: ActiveTask[] = [];
  const finished: number[] = [];
  const pruned = openPruned(system, layout);
  // Its receipt may have been pruned by hand before this start.
  const hasEnded = async (number: number): Promise<boolean> =>
    (await hasReceipt(system, layout, number)) || ["done", "cancelled"].includes((await pruned.endOf(number)) ?? "");
  for (const file of await system.fs.readdir(layout.active)) {
    const kind = readName(file);
    if (kind.kind !== "task") continue;
    const active = { ...kind.entry, path: join(layout.active, file) };
    if (await hasEnded(active.number)) {
      await dropEnded(system, layout, active);
      finished.push(active.number);
    } else {
      orphans.push(active);
    }
  }
  await forgetDeadLetters(system, layout, new Set(orphans.map(({ number }) => number)));
  const restored = await restoreTakenDrops(system, layout);
  return { orphans, finished, restored, sweptTemporaries: await sweepTemporaries(system, layout) };
}

/** A daemon that dies when it has just moved a task to `failed/` leaves what it remembered of its attempts. */
async function forgetDeadLetters(system: System, layout: Layout, alive: ReadonlySet<number>): Promise<void> {
  const files = (await ignoring(["ENOENT"], system.fs.readdir(layout.attempts))) ?? [];
  const failed = new Set(files.length === 0 ? [] : await numbersIn(system, layout.failed));
  for (const number of files.map((file) => Number.parseInt(file, 10)))
    if (failed.has(number) && !alive.has(number)) await forgetAttempts(system, layout, number);
}

async function sweepTemporaries({ fs, nowMs }: System, layout: Layout): Promise<number> {
  let swept = 0;
  for (const file of await fs.readdir(layout.tmp)) {
    const path = join(layout.tmp, file);
    const stat = await ignoring(["ENOENT"], fs.lstat(path));
    if (stat === undefined || nowMs() - stat.mtimeMs < STALE_TEMPORARY_MS) continue;
    await fs.rm(path, { recursive: true, force: true });
    swept += 1;
  }
  return swept;
}
