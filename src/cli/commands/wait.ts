import { SpooldError } from "../../errors.ts";
import { type Ending, waitForEnding } from "../../spool/endings.ts";
import { type Layout, layoutOf, requireSpool } from "../../spool/layout.ts";
import { realSystem, type System } from "../../system.ts";
import { drawBar } from "../bar.ts";
import type { JsonOptions } from "../options.ts";
import { duration, printJson, printLine } from "../output.ts";
import { isLiveTerminal, openProgressLine } from "../progress-line.ts";
import { waitForBatch } from "./wait-batch.ts";

interface WaitOptions extends JsonOptions {
  readonly batch?: string;
  /** ms */
  readonly timeout?: number;
}

/** The longest delay that setTimeout takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Waits for the ends of tasks and tells each as it comes, or for the end of a batch.
 * @returns 0 when all are done, 1 when one has failed or was cancelled
 * @throws TASK_NOT_FOUND at once when a number is wrong, however long the others would take; BATCH_MISSING; WAIT_TIMED_OUT
 */
export async function wait(numbers: readonly number[], options: WaitOptions): Promise<number> {
  const { batch, timeout } = options;
  if ((batch === undefined) === (numbers.length === 0)) {
    throw new SpooldError("USAGE", { because: "tasks are told by their numbers, or by --batch" });
  }
  const system = realSystem();
  const layout = layoutOf(options.spool);
  await requireSpool(system, layout);
  const giveUp = new AbortController();
  const timer =
    timeout !== undefined &&
    setTimeout(
      () => giveUp.abort(new SpooldError("WAIT_TIMED_OUT", { afterMs: timeout })),
      Math.min(timeout, MAX_TIMER_MS),
    );
  try {
    return batch === undefined
      ? await waitForAll(system, layout, numbers, options, giveUp)
      : await waitForBatch(system, layout, batch, { ...options, signal: giveUp.signal });
  } finally {
    if (timer) clearTimeout(timer);
  }
}

async function waitForAll(
  system: System,
  layout: Layout,
  numbers: readonly number[],
  { json }: JsonOptions,
  giveUp: AbortController,
): Promise<number> {
  const bar = openWaitBar(system, numbers.length);
  try {
    const endings = await Promise.all(
      numbers.map(async (number) => {
        const ending = await waitForEnding(system, layout, number, giveUp.signal).catch((error: unknown) => {
          giveUp.abort(error);
          throw error;
        });
        bar.above(() => (json ? printJson(jsonOf(number, ending)) : printLine(lineOf(number, ending))));
        bar.note(ending);
        return ending;
      }),
    );
    return endings.every(({ kind }) => kind === "done") ? 0 : 1;
  } finally {
    bar.end();
  }
}

/** Elsewhere than on a terminal the lines of the tasks themselves tell how far it has come. */
function openWaitBar({ monotonicMs }: System, total: number) {
  const line = isLiveTerminal() ? openProgressLine(monotonicMs) : undefined;
  const ended = { ended: 0, failed: 0 };
  const show = (): void => line?.show(drawBar({ ...ended, total }));
  show();
  return {
    above: (print: () => void): void => (line === undefined ? print() : line.above(print)),
    note({ kind }: Ending): void {
      ended.ended += 1;
      if (kind === "failed") ended.failed += 1;
      show();
    },
    end: (): void => line?.end(),
  };
}

function jsonOf(number: number, ending: Ending): object {
  return ending.kind === "failed"
    ? { number, ended: ending.kind, receipt: null, reason: ending.reason }
    : { number, ended: ending.kind, receipt: ending.receipt, reason: null };
}

function lineOf(number: number, ending: Ending): string {
  if (ending.kind === "cancelled") return `${number} cancelled`;
  return ending.kind === "done"
    ? `${number} done in ${duration(ending.receipt.durationMs)}, ${ending.receipt.outputs.length} outputs`
    : `${number} failed: ${ending.reason.error.message}`;
}
