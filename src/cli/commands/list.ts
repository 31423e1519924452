import { SpooldError } from "../../errors.ts";
import { layoutOf, requireSpool, STATES, type State } from "../../spool/layout.ts";
import { listState } from "../../spool/list.ts";
import { realSystem } from "../../system.ts";
import type { JsonOptions } from "../options.ts";
import { duration, printJson, printTable } from "../output.ts";

interface ListOptions extends JsonOptions {
  readonly limit?: number;
}

/** What `list` shows when no state is named: all that has not come to a good end. */
const UNFINISHED: readonly State[] = ["active", "tasks", "deferred", "held", "failed", "rejected"];

/** Lists tasks, in the order in which they start within each state. */
export async function list(state: string | undefined, options: ListOptions): Promise<number> {
  const system = realSystem();
  const layout = layoutOf(options.spool);
  const states = state === undefined ? UNFINISHED : [stateNamed(state)];
  await requireSpool(system, layout);
  const rows = [["state", "number", "attempt", "age", "supplicant", "summary"]];
  for (const each of states) {
    for (const row of await listState(system, layout, each, options.limit ?? Number.POSITIVE_INFINITY)) {
      if (options.json) printJson(row);
      const { number, file, attempt, ageMs, supplicant, summary } = row;
      rows.push([each, String(number ?? file), String(attempt), duration(ageMs), supplicant ?? "", summary ?? ""]);
    }
  }
  if (!options.json) printTable(rows);
  return 0;
}

function stateNamed(word: string): State {
  const state = STATES.find((known) => known === word);
  if (state === undefined) throw new SpooldError("USAGE", { state: word, known: STATES.join(", ") });
  return state;
}
