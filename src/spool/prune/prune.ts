/**
 * Removes traces of tasks that have ended, to save room. The order is the guarantee:
 *
 *   the directories of the states synced   what had just left them cannot come back after a crash
 *   numbers remembered, durably            see pruned.ts
 *   for each: its marks, then the rest     the receipt goes last, for it tells which marks there are
 *
 * A crash anywhere leaves traces that count as they did, and that the next time are removed.
 */
import { join } from "node:path";
import { ignoring, type System, syncDirectory, unlinkIfThere } from "../../system.ts";
import { type Range, rangesOf } from "../../task/ranges.ts";
import { withAddLock } from "../add-lock.ts";
import { batchMark } from "../batches.ts";
import type { Layout } from "../layout.ts";
import { type PrunedEnd, rememberPruned } from "../pruned.ts";
import { isLimited, type Limits, type Trace, whatGoes } from "./limits.ts";
import { type Memory, memoryOf } from "./memory.ts";
import { inSlices, type Rest } from "./slices.ts";
import { type PrunedState, reasonBeside, survey } from "./survey.ts";

export interface PruneOptions {
  readonly limits: Limits;
  /** Tell what would go, and remove nothing. */
  readonly dryRun?: boolean;
  readonly rest: Rest;
}

/** What was pruned of one state, or would be. */
export interface PruneResult {
  readonly state: PrunedState;
  readonly removed: number;
  readonly bytes: number;
  /** How many are left. */
  readonly kept: number;
  readonly numbers: readonly Range[];
  /** Whether it came to its end; false when it was told to stop before. */
  readonly isWhole: boolean;
}

/** Prunes one state. Two at once, and a daemon that works meanwhile, do each other no harm. */
export async function pruneState(
  system: System,
  layout: Layout,
  state: PrunedState,
  { limits, dryRun = false, rest }: PruneOptions,
): Promise<PruneResult> {
  const traces = isLimited(limits) ? await survey(system, layout, state, rest) : [];
  if (traces === undefined) return { state, removed: 0, bytes: 0, kept: 0, numbers: [], isWhole: false };
  const memories: Memory[] = [];
  const wasRead = await inSlices(whatGoes(traces, limits, system.nowMs()), rest, async (trace) => {
    const memory = await memoryOf(system, layout, state, trace);
    if (memory !== undefined) memories.push(memory);
  });
  const gone: Trace[] = [];
  if (dryRun) gone.push(...memories.map(({ trace }) => trace));
  else if (wasRead && memories.length > 0) await remove();
  const isWhole = wasRead && gone.length === memories.length;
  const numbers = rangesOf(gone.flatMap(({ number }) => number ?? []));
  const bytes = gone.reduce((sum, trace) => sum + trace.bytes, 0);
  return { state, removed: gone.length, bytes, kept: traces.length - gone.length, numbers, isWhole };

  async function remove(): Promise<void> {
    const { tasks, active, deferred, held, failed } = layout;
    for (const directory of [tasks, active, deferred, held, failed]) await syncDirectory(system, directory);
    if (state !== "rejected") await rememberPruned(system, layout, numbersByEnd(memories));
    await inSlices(memories, rest, async ({ trace, batch }) => {
      if (batch !== undefined && trace.number !== null)
        await unlinkIfThere(system, batchMark(layout, batch, trace.number));
      if (await removeTrace(system, layout, state, trace)) gone.push(trace);
    });
    await removeEmptyBatches(system, layout, memories);
  }
}

/** @returns false when it has been moved meanwhile */
async function removeTrace(system: System, layout: Layout, state: PrunedState, trace: Trace): Promise<boolean> {
  const path = join(layout[state], trace.file);
  if (state !== "done") {
    const stat = await ignoring(["ENOENT"], system.fs.lstat(path));
    if (stat?.ctimeMs !== trace.changedAtMs) return false;
    // Before what it is about: the other way round a crash would leave a reason that nothing leads to.
    await unlinkIfThere(system, join(layout[state], reasonBeside(state, trace)));
  }
  await unlinkIfThere(system, path);
  return true;
}

function numbersByEnd(memories: readonly Memory[]): Record<PrunedEnd, number[]> {
  const numbers: Record<PrunedEnd, number[]> = { done: [], cancelled: [], failed: [] };
  for (const { trace, end } of memories) if (trace.number !== null) numbers[end].push(trace.number);
  return numbers;
}

/** While no producer commits: it could be about to put a mark into a directory that is just going. */
async function removeEmptyBatches(system: System, layout: Layout, memories: readonly Memory[]): Promise<void> {
  const batches = new Set(memories.flatMap(({ batch }) => batch ?? []));
  if (batches.size === 0) return;
  const removeAll = async (): Promise<void> => {
    for (const batch of batches) {
      await ignoring(["ENOENT", "ENOTEMPTY", "EEXIST"], system.fs.rmdir(join(layout.run, "batches", batch)));
    }
  };
  await withAddLock(system, layout, removeAll, true);
}
