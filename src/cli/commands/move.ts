import { layoutOf, requireSpool } from "../../spool/layout.ts";
import { type Moved, moveTasks, TAKES, type Verb } from "../../spool/moves.ts";
import { SELECTED } from "../../spool/selection.ts";
import { realSystem } from "../../system.ts";
import type { JsonOptions } from "../options.ts";
import { printJson, printLine, tell, tellError } from "../output.ts";
import { numbersToldBy, type SelectionOptions } from "../selection.ts";
import type { STDIN } from "../task-number.ts";

export interface MoveOptions extends JsonOptions, SelectionOptions {
  readonly dryRun?: true;
}

const PAST: Readonly<Record<Verb, string>> = {
  hold: "held",
  release: "released",
  retry: "retried",
  cancel: "cancelled",
};

/**
 * Holds, releases, retries or cancels tasks, and tells of each as it is moved.
 * @returns 0 when all were moved, also when there were none; else the worst of the exit codes of the others
 */
export async function move(
  verb: Verb,
  args: readonly (number | typeof STDIN)[],
  options: MoveOptions,
): Promise<number> {
  const system = realSystem();
  const layout = layoutOf(options.spool);
  await requireSpool(system, layout);
  const states = { usual: SELECTED[verb], takes: TAKES[verb] };
  const numbers = await numbersToldBy(system, layout, { args, options, states });
  const dryRun = options.dryRun === true;
  let worst = 0;
  for await (const result of moveTasks(system, layout, { verb, numbers, dryRun })) {
    if (result.kind === "unmoved") worst = Math.max(worst, tellError(result.error));
    else if (options.json) printJson(jsonOf(result));
    else printLine(`${result.number} ${dryRun ? "would be " : ""}${PAST[verb]}`);
  }
  if (numbers.length === 0) tell("0 tasks");
  return worst;
}

function jsonOf({ number, from, to }: Moved): Moved {
  return { number, from, to };
}
