import { SpooldError } from "../../errors.ts";
import { layoutOf, requireSpool, STATES, type State } from "../../spool/layout.ts";
import { listState } from "../../spool/list.ts";
import { openFilter } from "../../spool/selection.ts";
import { realSystem } from "../../system.ts";
import type { JsonOptions } from "../options.ts";
import { duration, printJson, printTable } from "../output.ts";
import { filterOf, type SelectionOptions, stateNamed } from "../selection.ts";

interface ListOptions extends JsonOptions, SelectionOptions {
  readonly limit?: number;
}

/** What `list` shows when no state is named: all that has not come to a good end. */
const UNFINISHED: readonly State[] = ["active", "tasks", "deferred", "held", "failed", "rejected"];

/** Lists tasks, in the order in which they start within each state. */
export async function list(state: string | undefined, options: ListOptions): Promise<number> {
  const system = realSystem();
  const layout = layoutOf(options.spool);
  const states = statesOf(state, options);
  await requireSpool(system, layout);
  const passes = await openFilter(system, layout, filterOf(options));
  const rows = [["state", "number", "attempt", "age", "supplicant", "summary"]];
  for (const each of states) {
    for (const row of await listState(system, layout, each, options.limit ?? Number.POSITIVE_INFINITY, passes)) {
      if (options.json) printJson(row);
      const { number, file, attempt, ageMs, supplicant, summary } = row;
      const shown = [String(number ?? file), String(attempt), duration(ageMs), supplicant ?? "", summary ?? ""];
      rows.push([row.status ?? each, ...shown]);
    }
  }
  if (!options.json) printTable(rows);
  return 0;
}

function statesOf(argument: string | undefined, { state, all }: ListOptions): readonly State[] {
  const [word, other] = [argument, state, all && "all"].filter((each) => each !== undefined);
  if (other !== undefined) throw new SpooldError("USAGE", { because: "one state, or --all" });
  if (word === "all" && all) return STATES;
  return word === undefined ? UNFINISHED : [stateNamed(word)];
}
