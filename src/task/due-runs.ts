/** Which runs of a schedule are enqueued when some of its times have passed. */
import type { ScheduleEntry } from "./schedule.ts";

export interface DueRuns {
  /** The times that a task is enqueued for, oldest first. */
  readonly runs: readonly number[];
  /** Whether there were others, which are passed over. */
  readonly skipped: boolean;
  /** Up to which moment all times have been dealt with. */
  readonly upToMs: number;
}

/** A run that is seen this late has been missed: until then a restart or a full disk delays it only. */
const LATE_MS = 60_000;

/** A clock that is set back by more than this was wrong before: what it has dealt with then means nothing. */
const SET_BACK_MS = 24 * 60 * 60 * 1_000;

/** More runs than this are never made up for at once. */
export const MAX_MADE_UP = 1_000;

/**
 * What is due, as the entry wants it of runs that were missed. Of several the last one alone may be in time.
 * @param sinceMs all times up to this moment have been dealt with
 */
export function dueRuns(
  { timetable, missed }: Pick<ScheduleEntry, "timetable" | "missed">,
  sinceMs: number,
  nowMs: number,
): DueRuns {
  const times = timetable.between(sinceMs, nowMs, missed === "all" ? MAX_MADE_UP + 1 : 2);
  const last = times.at(-1);
  if (last === undefined) return { runs: [], skipped: false, upToMs: sinceMs };
  const keepsLast = missed === "once" || nowMs - last < LATE_MS;
  const runs = missed === "all" ? times.slice(-MAX_MADE_UP) : keepsLast ? [last] : [];
  return { runs, skipped: runs.length < times.length, upToMs: last };
}

/**
 * Up to which moment times have been dealt with: a clock that is set back lets none of them come twice.
 * @param sinceMs as it was written down
 */
export function dealtWith(sinceMs: number, nowMs: number): number {
  return sinceMs - nowMs > SET_BACK_MS ? nowMs : sinceMs;
}
