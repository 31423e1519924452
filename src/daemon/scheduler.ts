import { SpooldError } from "../errors.ts";
import { readScheduleFile, type ScheduleFile } from "../spool/schedule-file.ts";
import { forgetOtherEntries } from "../spool/schedule-records.ts";
import { type ScheduleView, viewEntry } from "../spool/schedule-view.ts";
import { describeFault, faultsOfError } from "../task/faults.ts";
import type { ScheduleEntry } from "../task/schedule.ts";
import type { DaemonContext } from "./context.ts";
import { openScheduledEntry, type ScheduledEntry } from "./scheduled-entry.ts";

/** Enqueues what `schedule.json` says, when it says so. Driven by the loop: it has no timer of its own. */
export interface Scheduler {
  /** Reads the file again when it has changed. One that is not valid changes nothing, and is told of once. */
  look(): Promise<void>;
  /** Enqueues what is due. @returns whether anything was */
  tend(): Promise<boolean>;
  /** In how many ms there is something to be done that nobody rings for; Infinity when there is not. */
  nextMs(): number;
  view(): ScheduleView;
  /** Whether the file may be half written still. */
  isSettling(): boolean;
  /** How much of the schedule could not be followed: the file, and times that there was no task to be had for. */
  faults(): number;
}

/** No turn of the loop enqueues more than this, so that tasks do not wait while runs of a year are made up for. */
const MAX_ENQUEUED = 16;

export function openScheduler(context: DaemonContext): Scheduler {
  const { system, layout, settings, log } = context;
  let entries: readonly ScheduledEntry[] = [];
  let known: string | undefined;
  let error: SpooldError | null = null;
  /** A state of the file that is not valid, and when it was seen first. */
  let suspect = { fingerprint: "", sinceMs: 0 };
  let lookAgainAtMs = Number.POSITIVE_INFINITY;

  return {
    look,
    async tend() {
      if (system.monotonicMs() >= lookAgainAtMs) await look();
      let room = MAX_ENQUEUED;
      for (const entry of entries) room -= await entry.tend(room);
      return room < MAX_ENQUEUED;
    },
    nextMs() {
      const dueInMs = Math.min(...entries.map(({ dueAtMs }) => dueAtMs())) - system.nowMs();
      return Math.min(dueInMs, lookAgainAtMs - system.monotonicMs());
    },
    isSettling: () => Number.isFinite(lookAgainAtMs),
    faults: () => entries.reduce((sum, entry) => sum + entry.failed(), error === null ? 0 : 1),
    view: () => ({
      schedule: entries.map((entry) => viewEntry(entry.entry, entry.record(), entry.nextRunMs())),
      scheduleError: error?.toJSON() ?? null,
    }),
  };

  async function look(): Promise<void> {
    lookAgainAtMs = Number.POSITIVE_INFINITY;
    const file = await readScheduleFile(system, layout, known);
    if (file === undefined) return;
    if (file.content instanceof SpooldError) doubt(file.content, file);
    else await accept(file.content, file);
  }

  /** What is not valid may be half written still: it is told of when it has settled. */
  function doubt(because: SpooldError, { fingerprint, writtenAtMs }: ScheduleFile): void {
    const nowMs = system.monotonicMs();
    if (suspect.fingerprint !== fingerprint) suspect = { fingerprint, sinceMs: nowMs };
    const quietMs = Math.max(nowMs - suspect.sinceMs, system.nowMs() - writtenAtMs);
    if (quietMs < settings.settleMs) lookAgainAtMs = suspect.sinceMs + settings.settleMs;
    else refuse(because, fingerprint);
  }

  async function accept(content: readonly ScheduleEntry[], { fingerprint }: ScheduleFile): Promise<void> {
    const isFirstAndNone = known === undefined && content.length === 0;
    const before = new Map(entries.map((open) => [textOf(open.entry), open]));
    const opened: ScheduledEntry[] = [];
    for (const entry of content) opened.push(before.get(textOf(entry)) ?? (await openScheduledEntry(context, entry)));
    entries = opened;
    // An editor may have moved the file aside for a moment: then its entries are not gone.
    if (content.length > 0) await forgetOtherEntries(system, layout, new Set(content.map(({ name }) => name)));
    if (!isFirstAndNone) log.event("info", "schedule read", { entries: content.map(({ name }) => name) });
    known = fingerprint;
    error = null;
  }

  function refuse(because: SpooldError, fingerprint: string): void {
    known = fingerprint;
    error = because;
    const faults = faultsOfError(because).map(describeFault);
    const inForce = entries.map(({ entry }) => entry.name);
    log.event("error", "schedule not valid", { error: because.code, faults, inForce });
  }
}

/** All that an entry says; its timetable follows from that. */
function textOf({ timetable: _derived, ...entry }: ScheduleEntry): string {
  return JSON.stringify(entry);
}
