import { type Ending, waitForEnding } from "../../spool/endings.ts";
import { layoutOf, requireSpool } from "../../spool/layout.ts";
import { realSystem } from "../../system.ts";
import type { JsonOptions } from "../options.ts";
import { duration, printJson, printLine } from "../output.ts";

/**
 * Waits for the ends of tasks and tells each as it comes.
 * @returns 0 when all are done, 1 when one has failed
 * @throws TASK_NOT_FOUND at once when a number is wrong, however long the others would take
 */
export async function wait(numbers: readonly number[], options: JsonOptions): Promise<number> {
  const system = realSystem();
  const layout = layoutOf(options.spool);
  await requireSpool(system, layout);
  const giveUp = new AbortController();
  const endings = await Promise.all(
    numbers.map(async (number) => {
      const ending = await waitForEnding(system, layout, number, giveUp.signal).catch((error: unknown) => {
        giveUp.abort(error);
        throw error;
      });
      if (options.json) printJson(jsonOf(number, ending));
      else printLine(lineOf(number, ending));
      return ending;
    }),
  );
  return endings.every(({ kind }) => kind === "done") ? 0 : 1;
}

function jsonOf(number: number, ending: Ending): object {
  const receipt = ending.kind === "done" ? ending.receipt : null;
  return { number, ended: ending.kind, receipt, reason: ending.kind === "failed" ? ending.reason : null };
}

function lineOf(number: number, ending: Ending): string {
  return ending.kind === "done"
    ? `${number} done in ${duration(ending.receipt.durationMs)}, ${ending.receipt.outputs.length} outputs`
    : `${number} failed: ${ending.reason.error.message}`;
}
