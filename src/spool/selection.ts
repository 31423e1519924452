/** Which tasks a person means who does not name them by their numbers. */
import type { System } from "../system.ts";
import { numbersOfBatch } from "./batches.ts";
import type { Layout, State } from "./layout.ts";
import { type Listed, listState } from "./list.ts";
import type { Verb } from "./moves.ts";

/** What tasks must be to be selected. What is undefined does not matter. */
export interface TaskFilter {
  /** The whole text that says who asks, or whole words of it. */
  readonly supplicant?: string | undefined;
  /** Written at least so long ago. */
  readonly olderMs?: number | undefined;
  /** The batch that they are counted in. */
  readonly batch?: string | undefined;
}

/**
 * Where tasks are selected when no state is named. Those that a command takes only from a state that is named are left
 * where they are: a retry of all would start what waits for its time, and to cancel all would take the dead letters along.
 * Those that run come last, so that no worker is given what is selected too.
 */
export const SELECTED: Readonly<Record<Verb, readonly State[]>> = {
  hold: ["tasks", "deferred", "active"],
  release: ["held"],
  retry: ["failed"],
  cancel: ["tasks", "deferred", "held", "active"],
};

/** What a filter lets pass. */
export async function openFilter(
  system: System,
  layout: Layout,
  { supplicant, olderMs, batch }: TaskFilter,
): Promise<(row: Listed) => boolean> {
  const members = batch === undefined ? undefined : new Set(await numbersOfBatch(system, layout, batch));
  return (row) =>
    (supplicant === undefined || holdsWords(row.supplicant ?? "", supplicant)) &&
    (olderMs === undefined || row.ageMs >= olderMs) &&
    (members === undefined || (row.number !== null && members.has(row.number)));
}

/** The numbers of the tasks in some states that a filter lets pass, in the order in which they start in each. */
export async function selectNumbers(
  system: System,
  layout: Layout,
  states: readonly State[],
  filter: TaskFilter,
): Promise<readonly number[]> {
  const passes = await openFilter(system, layout, filter);
  const numbers = new Set<number>();
  for (const state of states) {
    const rows = await listState(system, layout, state, Number.POSITIVE_INFINITY, passes);
    for (const { number } of rows) if (number !== null) numbers.add(number);
  }
  return [...numbers];
}

/** Whether words stand in a text, none of them as a part of a longer one. */
function holdsWords(text: string, words: string): boolean {
  for (let at = text.indexOf(words); at >= 0 && words !== ""; at = text.indexOf(words, at + 1)) {
    const before = /[\p{L}\p{N}]$/u.test(text.slice(0, at)) && /^[\p{L}\p{N}]/u.test(words);
    const after = /^[\p{L}\p{N}]/u.test(text.slice(at + words.length)) && /[\p{L}\p{N}]$/u.test(words);
    if (!before && !after) return true;
  }
  return text === words;
}
