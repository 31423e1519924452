/** Waiting until all tasks of a batch have ended. */
import { setTimeout as sleep } from "node:timers/promises";
import { SpooldError } from "../errors.ts";
import type { System } from "../system.ts";
import { type BatchCounts, countBatch, numbersOfBatch } from "./batches.ts";
import type { Layout } from "./layout.ts";
import { nextEnd } from "./next-end.ts";
import { readReceipt } from "./standing.ts";

/** The least time between two counts. */
const MIN_GAP_MS = 50;
/** To count a large spool takes long: so many times as long as it took it is left alone. */
const GAP_FACTOR = 4;

/** A task that no state holds is gone, or just on its way: so often in a row it must not be found. */
const LOOKS_AT_GONE = 3;

/**
 * Counts a batch again and again, until all of it has ended.
 * @throws BATCH_MISSING; the signal's reason when it aborts
 */
export async function* followBatch(
  system: System,
  layout: Layout,
  batch: string,
  signal?: AbortSignal,
): AsyncGenerator<BatchCounts> {
  for (let looksAtGone = 0; ; ) {
    signal?.throwIfAborted();
    const next = nextEnd(system, layout, () => true, signal);
    try {
      const begunMs = system.monotonicMs();
      const members = await numbersOfBatch(system, layout, batch);
      const counts = await countBatch(system, layout, batch);
      const gapMs = Math.max(MIN_GAP_MS, GAP_FACTOR * (system.monotonicMs() - begunMs));
      if (members.length === 0) throw new SpooldError("BATCH_MISSING", { batch });
      yield counts;
      const hasEnded = counts.waiting.length === 0;
      looksAtGone = hasEnded ? looksAtGone + 1 : 0;
      if (hasEnded && (counts.total >= members.length || looksAtGone >= LOOKS_AT_GONE)) return;
      if (looksAtGone === 0) await next.happened;
      await sleep(gapMs);
    } finally {
      next.stop();
    }
  }
}

/** How many of a batch have a receipt that says that they were cancelled: the counts tell them among the done. */
export async function countCancelled(system: System, layout: Layout, batch: string): Promise<number> {
  let cancelled = 0;
  for (const number of await numbersOfBatch(system, layout, batch)) {
    if ((await readReceipt(system, layout, number))?.status === "cancelled") cancelled += 1;
  }
  return cancelled;
}
