import { countCancelled, followBatch } from "../../spool/batch-end.ts";
import type { BatchCounts } from "../../spool/batches.ts";
import type { Layout } from "../../spool/layout.ts";
import type { System } from "../../system.ts";
import { drawBar } from "../bar.ts";
import type { JsonOptions } from "../options.ts";
import { printJson, printLine } from "../output.ts";
import { isLiveTerminal, openProgressLine } from "../progress-line.ts";

/**
 * Waits until all tasks of a batch have ended, and tells how they did.
 * @returns 0 when all are done, 1 when one has failed or was cancelled
 * @throws BATCH_MISSING; the signal's reason when it aborts
 */
export async function waitForBatch(
  system: System,
  layout: Layout,
  batch: string,
  { json, signal }: JsonOptions & { readonly signal: AbortSignal },
): Promise<number> {
  const progress = openProgressLine(system.monotonicMs);
  let last: BatchCounts | undefined;
  try {
    for await (const counts of followBatch(system, layout, batch, signal)) {
      last = counts;
      progress.show(isLiveTerminal() ? barOf(counts) : lineOf(counts));
    }
  } finally {
    if (last !== undefined) progress.end();
  }
  if (last === undefined) return 0;
  const cancelled = await countCancelled(system, layout, batch);
  const { total, waiting, failed } = last;
  const done = last.done - cancelled;
  if (json) printJson({ batch, total, done, failed: failed.length, cancelled, waiting: waiting.length });
  else printLine(`batch ${batch}: ${done} done, ${failed.length} failed, ${cancelled} cancelled`);
  return failed.length + cancelled > 0 ? 1 : 0;
}

function lineOf({ batch, total, done, failed }: BatchCounts): string {
  return `batch ${batch}: ${done + failed.length} of ${total} ended, ${failed.length} failed`;
}

function barOf({ total, done, failed }: BatchCounts): string {
  return drawBar({ ended: done + failed.length, failed: failed.length, total });
}
