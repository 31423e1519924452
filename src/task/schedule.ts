/** `schedule.json`: what is enqueued again and again, and when. */
import { closest } from "fastest-levenshtein";
import * as z from "zod";
import { SpooldError } from "../errors.ts";
import { isTimeZone, type Timetable, timetableOf, timeZones } from "./cron.ts";
import { type Fault, faultsOfError } from "./faults.ts";
import { faultsOfIssues, pointerTo } from "./issues.ts";
import { readOrder } from "./order.ts";
import { readAs } from "./read-as.ts";
import { renderPlain } from "./render.ts";
import { parseJson } from "./text.ts";

/** The largest schedule.json in bytes. */
export const MAX_SCHEDULE_BYTES = 1024 * 1024;

const MAX_ENTRIES = 1_000;
const ENTRY_NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;

export const entrySchema = z.strictObject({
  cron: z.string().min(1).max(256).describe("when: a line of cron"),
  timeZone: z.string().min(1).max(64).optional().describe("whose time the line tells; default the machine's"),
  missed: z
    .enum(["none", "once", "all"])
    .optional()
    .describe("which of the runs that nobody was there for are made up for; default none"),
  enabled: z.boolean().optional().describe("false: nothing is enqueued; default true"),
  task: z.record(z.string(), z.unknown()).describe("what is enqueued: whatever `spoold add` takes"),
});

const scheduleSchema = z.strictObject({ entries: z.record(z.string(), entrySchema) });

/** What is enqueued at the times of one line. */
export interface ScheduleEntry {
  readonly name: string;
  /** The line and the time zone that it is read in: when one of them changes, its times begin anew. */
  readonly line: string;
  readonly timetable: Timetable;
  readonly missed: "none" | "once" | "all";
  readonly enabled: boolean;
  /** As it was written: a recipe in it is filled in when it is enqueued. */
  readonly task: Readonly<Record<string, unknown>>;
}

/**
 * Reads a schedule.
 * @returns its entries, by name
 * @throws SCHEDULE_INVALID with one fault for each thing that is wrong, with pointers into the file
 */
export function parseSchedule(text: string): readonly ScheduleEntry[] {
  const value = orInvalid([], () => parseJson(text));
  const parsed = readAs(scheduleSchema, value);
  if (!parsed.success) throw invalid(faultsOfIssues(parsed.error.issues, value, scheduleSchema));
  // Not those that zod has seen: it passes over `__proto__` without a word.
  const names = Object.keys((value as { entries: object }).entries);
  if (names.length > MAX_ENTRIES) throw invalid([{ pointer: "/entries", expected: `at most ${MAX_ENTRIES} entries` }]);
  const faults = names.filter((name) => !ENTRY_NAME.test(name)).map(faultOfName);
  const entries: ScheduleEntry[] = [];
  for (const [name, entry] of Object.entries(parsed.data.entries)) {
    try {
      entries.push(readEntry(name, entry));
    } catch (error) {
      faults.push(...faultsOfUnknown(error));
    }
  }
  if (faults.length > 0) throw invalid(faults);
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function readEntry(name: string, entry: z.infer<typeof entrySchema>): ScheduleEntry {
  const { cron, timeZone, missed = "none", enabled = true, task } = entry;
  const path = ["entries", name];
  const timetable = readLine(cron, timeZone, path);
  orInvalid([...path, "task"], () => readOrder(task) ?? renderPlain(task));
  return { name, line: `${cron} ${timeZone ?? ""}`.trim(), timetable, missed, enabled, task };
}

function readLine(cron: string, timeZone: string | undefined, path: readonly string[]): Timetable {
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    const place = { pointer: pointerTo([...path, "timeZone"]), received: JSON.stringify(timeZone) };
    throw invalid([{ ...place, expected: "the name of a time zone", nearest: closest(timeZone, timeZones()) }]);
  }
  const place = { pointer: pointerTo([...path, "cron"]), received: JSON.stringify(cron) };
  let timetable: Timetable;
  try {
    timetable = timetableOf(cron, timeZone);
  } catch (error) {
    const because = error instanceof Error ? error.message.replace(/^CronPattern: /, "") : String(error);
    throw invalid([{ ...place, expected: `a line of cron as 0 3 * * * (${because})` }]);
  }
  if (timetable.next(0) === undefined) throw invalid([{ ...place, expected: "a line whose time comes" }]);
  return timetable;
}

function faultOfName(name: string): Fault {
  return { pointer: pointerTo(["entries", name]), expected: "a name of 1 to 64 of a-z, 0-9 and -, no - first" };
}

/** Lets the faults of a task say where in the schedule they are. */
function orInvalid<T>(path: readonly string[], work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw invalid(
      faultsOfUnknown(error).map((fault) => ({ ...fault, pointer: pointerTo(path) + fault.pointer })),
      error instanceof SpooldError ? error.cause : undefined,
    );
  }
}

/** Its faults; what is no error of a task or a schedule is none of ours. */
function faultsOfUnknown(error: unknown): readonly Fault[] {
  const faults = error instanceof SpooldError ? faultsOfError(error) : [];
  if (faults.length === 0) throw error;
  return faults;
}

function invalid(faults: readonly Fault[], cause?: unknown): SpooldError {
  return new SpooldError("SCHEDULE_INVALID", { faults, count: faults.length }, { cause });
}
