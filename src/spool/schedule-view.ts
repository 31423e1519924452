import { type SerializedError, SpooldError } from "../errors.ts";
import type { System } from "../system.ts";
import { dealtWith } from "../task/due-runs.ts";
import type { ScheduleEntry } from "../task/schedule.ts";
import type { Layout } from "./layout.ts";
import { readScheduleFile } from "./schedule-file.ts";
import { type EntryRecord, readEntryRecord } from "./schedule-records.ts";

/** What people are told of the schedule. */
export interface ScheduleView {
  readonly schedule: readonly EntryView[];
  /** Why schedule.json as it lies there is not in force; null when it is, or there is none. */
  readonly scheduleError: SerializedError | null;
}

/** One entry of it. Times are ISO 8601, UTC. */
export interface EntryView {
  readonly name: string;
  /** Null while the entry is switched off. */
  readonly nextAt: string | null;
  /** The run that was enqueued last, and the number of its task. */
  readonly lastAt: string | null;
  readonly lastNumber: number | null;
  /** Why the last time that was due has no task. */
  readonly problem: SerializedError | null;
}

/** What the files say, for whoever asks while no daemon runs. */
export async function viewSchedule(system: System, layout: Layout): Promise<ScheduleView> {
  const { content } = (await readScheduleFile(system, layout)) ?? { content: [] };
  if (content instanceof SpooldError) return { schedule: [], scheduleError: content.toJSON() };
  const schedule: EntryView[] = [];
  for (const entry of content) {
    const record = await readEntryRecord(system, layout, entry.name);
    schedule.push(viewEntry(entry, record, nextRun(entry, record, system.nowMs())));
  }
  return { schedule, scheduleError: null };
}

/** @param nextMs when it runs next, ms since epoch; undefined when it does not */
export function viewEntry(
  { name }: ScheduleEntry,
  record: EntryRecord | undefined,
  nextMs: number | undefined,
): EntryView {
  const { lastAt = null, lastNumber = null, problem = null } = record ?? {};
  return { name, nextAt: nextMs === undefined ? null : new Date(nextMs).toISOString(), lastAt, lastNumber, problem };
}

function nextRun(entry: ScheduleEntry, record: EntryRecord | undefined, nowMs: number): number | undefined {
  if (!entry.enabled) return undefined;
  const sinceMs = record === undefined || record.line !== entry.line ? nowMs : Date.parse(record.since);
  return entry.timetable.next(Math.max(nowMs, dealtWith(sinceMs, nowMs)));
}
