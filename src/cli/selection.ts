/** How a command is told which tasks it is to work on: by their numbers, or by what they are. */
import { SpooldError } from "../errors.ts";
import { type Layout, STATES, type State } from "../spool/layout.ts";
import { selectNumbers, type TaskFilter } from "../spool/selection.ts";
import type { System } from "../system.ts";
import { readNumberList } from "./numbers-input.ts";
import type { STDIN } from "./task-number.ts";

/** Options that select tasks. */
export interface SelectionOptions {
  readonly state?: string;
  readonly supplicant?: string;
  /** ms */
  readonly older?: number;
  readonly batch?: string;
  readonly all?: true;
}

/** Where a command selects tasks when no state is named, and which states may be named. */
export interface SelectionStates {
  readonly usual: readonly State[];
  readonly takes: readonly State[];
}

/** What the options ask of a task. */
export function filterOf({ supplicant, older, batch }: SelectionOptions): TaskFilter {
  return { supplicant, olderMs: older, batch };
}

/** The state that a person has named. @throws USAGE */
export function stateNamed(word: string, known: readonly State[] = STATES): State {
  const state = known.find((each) => each === word);
  if (state === undefined) throw new SpooldError("USAGE", { state: word, known: known.join(", ") });
  return state;
}

/** Whether tasks are told by what they are; else by numbers. @throws USAGE when they are told in both ways or in none */
function isSelection(args: readonly unknown[], options: SelectionOptions): boolean {
  const { state, supplicant, older, batch, all } = options;
  const isFiltered = [state, supplicant, older, batch, all].some((value) => value !== undefined);
  if (isFiltered !== args.length > 0) return isFiltered;
  throw new SpooldError("USAGE", {
    because: isFiltered ? "tasks are told by numbers or by options, not by both" : "which tasks? see --help",
  });
}

/** The numbers of the tasks that arguments or options tell. @throws USAGE */
export async function numbersToldBy(
  system: System,
  layout: Layout,
  told: {
    readonly args: readonly (number | typeof STDIN)[];
    readonly options: SelectionOptions;
    readonly states: SelectionStates;
  },
): Promise<readonly number[]> {
  const { args, options, states } = told;
  if (!isSelection(args, options)) return readNumberList(args);
  const named = options.state === undefined ? states.usual : [stateNamed(options.state, states.takes)];
  return selectNumbers(system, layout, named, filterOf(options));
}
