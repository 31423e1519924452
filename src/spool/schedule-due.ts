import { SpooldError } from "../errors.ts";
import type { System } from "../system.ts";
import type { ScheduleEntry } from "../task/schedule.ts";
import type { Layout } from "./layout.ts";
import { readScheduleFile } from "./schedule-file.ts";
import { type EntryRecord, readEntryRecord } from "./schedule-records.ts";

/** Whether `schedule.json` says anything that a daemon would do now, for whoever starts one only then. */
export async function isScheduleDue(system: System, layout: Layout): Promise<boolean> {
  const { content } = (await readScheduleFile(system, layout)) ?? { content: [] };
  if (content instanceof SpooldError) return false;
  for (const entry of content) {
    const record = await readEntryRecord(system, layout, entry.name);
    if (entry.enabled && isDue(entry, record, system.nowMs())) return true;
  }
  return false;
}

function isDue({ line, timetable }: ScheduleEntry, record: EntryRecord | undefined, nowMs: number): boolean {
  // Its times count from when a daemon has seen it first.
  if (record === undefined || record.line !== line || record.pending !== null) return true;
  return (timetable.next(Date.parse(record.since)) ?? Number.POSITIVE_INFINITY) <= nowMs;
}
