import type { EntryView, ScheduleView } from "../spool/schedule-view.ts";
import { describeFault, faultsOfError } from "../task/faults.ts";
import { duration } from "./output.ts";

/** What people are told of the schedule: a line for each entry, and one for each fault of the file. */
export function scheduleLines({ schedule, scheduleError }: ScheduleView, nowMs: number): readonly string[] {
  const width = Math.max(...schedule.map(({ name }) => name.length));
  const lines = schedule.flatMap((entry) => linesOf(entry, width, nowMs));
  if (scheduleError === null) return lines;
  return [
    ...lines,
    `${scheduleError.message}:`,
    ...faultsOfError(scheduleError).map((fault) => `  ${describeFault(fault)}`),
  ];
}

function linesOf({ name, nextAt, lastAt, lastNumber, problem }: EntryView, width: number, nowMs: number): string[] {
  const next = nextAt === null ? "off" : `next ${nextAt} (in ${duration(Math.max(0, Date.parse(nextAt) - nowMs))})`;
  const last = lastAt === null ? "" : `, last ${lastAt} as ${lastNumber}`;
  const failed = problem === null ? [] : [`  its last time had no task: ${problem.message}`];
  return [`schedule ${name.padEnd(width)}  ${next}${last}`, ...failed];
}
