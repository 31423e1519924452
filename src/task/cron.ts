/**
 * Times that come again and again, as lines of cron tell them. What happens when clocks are put forward or back:
 * a line with one time of the day (`30 2 * * *`) runs once on each day, at the first valid time after a gap, and at the
 * first of two times with the same name; any other line (`0 * * * *`) skips what does not exist and runs at both.
 */
import { Cron } from "croner";

/** All times in ms since epoch. */
export interface Timetable {
  /** The first time after a moment; undefined when none will come. */
  next(afterMs: number): number | undefined;
  /** The times after one moment and up to another, oldest first; of more than `count` the last ones. */
  between(afterMs: number, untilMs: number, count: number): readonly number[];
}

/**
 * Reads a line of cron: five fields, or six with the second first, or a word as `@daily`.
 * @param timeZone an IANA name; undefined for that of the machine
 * @throws Error that says what is wrong with the line
 */
export function timetableOf(line: string, timeZone: string | undefined): Timetable {
  // Paused and without a function: it sets no timer.
  const cron = new Cron(line, {
    paused: true,
    mode: "5-or-6-parts",
    ...(timeZone !== undefined && { timezone: timeZone }),
  });
  // A date is taken for a line that comes once: a task's `runAt` is the word for that.
  if (cron.getOnce() !== null) throw new Error("a date comes only once");
  const next = (afterMs: number): number | undefined => cron.nextRun(new Date(afterMs))?.getTime();
  return {
    next,
    between(afterMs, untilMs, count) {
      const times: number[] = [];
      for (let ms = next(afterMs); ms !== undefined && ms <= untilMs; ms = next(ms)) {
        // There are too many to go through all of them: the last ones are found from the other end.
        if (times.length === count) return lastTimes(untilMs, count);
        times.push(ms);
      }
      return times;
    },
  };

  function lastTimes(untilMs: number, count: number): readonly number[] {
    const times = cron.previousRuns(count, new Date(untilMs + 1)).map((time) => time.getTime());
    return times.reverse();
  }
}

/** Whether this is the name of a time zone. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    // RangeError: there is none of this name.
    return false;
  }
}

/** The names of time zones that a wrong one may have meant. */
export function timeZones(): readonly string[] {
  return Intl.supportedValuesOf("timeZone");
}
