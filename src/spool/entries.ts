import { compareEntries, type EntryName } from "../task/name.ts";

/** A file in `tasks/` or `deferred/` whose name says that it is a task. */
export interface TaskEntry extends EntryName {
  readonly state: "tasks" | "deferred";
  readonly file: string;
}

/** Where a task lies, as `state/name`. */
export function placeOf({ state, file }: TaskEntry): string {
  return `${state}/${file}`;
}

/**
 * Whether an attempt of a task may have been made: then it has taken its place in the order, also when a person has
 * moved it to `tasks/` meanwhile. What waits in `deferred/` for its first attempt has a time that was asked for; what was
 * given back is due since ever.
 */
export function hasBegun({ state, attempt, dueAtMs }: TaskEntry): boolean {
  return attempt > 1 || (state === "deferred" && dueAtMs === 0);
}

/** Collects entries and keeps the `count` first ones, in memory bounded by twice that. */
export function lowest(count: number): { add(entry: TaskEntry): void; sorted(): TaskEntry[] } {
  let kept: TaskEntry[] = [];
  const trim = (): TaskEntry[] => kept.sort(byOrderThenName).slice(0, count);
  return {
    add(entry) {
      kept.push(entry);
      if (kept.length >= 2 * count) kept = trim();
    },
    sorted: trim,
  };
}

/** Of two files with one number the one that enqueue may have written comes first: `42.json` before `42`. */
function byOrderThenName(a: TaskEntry, b: TaskEntry): number {
  return compareEntries(a, b) || b.file.length - a.file.length || (a.file < b.file ? -1 : 1);
}
