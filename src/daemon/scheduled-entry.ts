import { pausesDaemon, SpooldError, serializeError, toSpooldError } from "../errors.ts";
import { taskFields } from "../log.ts";
import { keyOfNumber } from "../spool/key-of-number.ts";
import { marksOf } from "../spool/marks.ts";
import { renderTask } from "../spool/recipes.ts";
import { type EntryRecord, readEntryRecord, writeEntryRecord } from "../spool/schedule-records.ts";
import { dealtWith, dueRuns } from "../task/due-runs.ts";
import { encodeTask, keyOf } from "../task/key.ts";
import type { ScheduleEntry } from "../task/schedule.ts";
import type { Task } from "../task/task.ts";
import type { DaemonContext } from "./context.ts";

/** An entry of the schedule in force. */
export interface ScheduledEntry {
  readonly entry: ScheduleEntry;
  /** Enqueues what is due, at most so many times. @returns how often */
  tend(most: number): Promise<number>;
  /** When it is to be tended next, ms since epoch; Infinity when never. */
  dueAtMs(): number;
  /** The time of its next run, ms since epoch; undefined when there is none. */
  nextRunMs(): number | undefined;
  record(): EntryRecord;
  /** How often there was no task to be had. */
  failed(): number;
}

/** Takes an entry up where its record has left it. One that is new, or has another line than before, begins now. */
export async function openScheduledEntry(context: DaemonContext, entry: ScheduleEntry): Promise<ScheduledEntry> {
  const { system, layout, log, committer, sequence, lock } = context;
  const { name, timetable } = entry;
  let record = await openRecord(context, entry);
  /** All times up to this one have been dealt with, or a task is owed for them. */
  let sinceMs = Date.parse(record.since);
  let owed: readonly number[] = [];
  let failed = 0;
  let nextMs = entry.enabled ? 0 : Number.POSITIVE_INFINITY;

  return {
    entry,
    async tend(most) {
      if (!entry.enabled || (system.nowMs() < nextMs && !isSetBack())) return 0;
      let enqueued = await settlePending();
      collectDue();
      for (; enqueued < most; enqueued++) {
        const [atMs] = owed;
        if (atMs === undefined) break;
        await run(new Date(atMs).toISOString());
      }
      nextMs = owed.length > 0 ? 0 : (upcoming() ?? Number.POSITIVE_INFINITY);
      return enqueued;
    },
    dueAtMs: () => nextMs,
    nextRunMs: () => (entry.enabled ? (owed[0] ?? (nextMs > system.nowMs() ? finite(nextMs) : upcoming())) : undefined),
    record: () => record,
    failed: () => failed,
  };

  function upcoming(): number | undefined {
    return timetable.next(Math.max(sinceMs, system.nowMs()));
  }

  /** Whether the clock was so wrong before that what was dealt with then means nothing. */
  function isSetBack(): boolean {
    return dealtWith(sinceMs, system.nowMs()) !== sinceMs;
  }

  /** Ends what a daemon that died, or this one on a full disk, has begun: its number tells whether it was committed. */
  async function settlePending(): Promise<number> {
    if (record.pending === null) return 0;
    const { at, number, key } = record.pending;
    if ((await keyOfNumber(system, layout, number)) === key) await noteRun(at, number);
    else await run(at);
    return 1;
  }

  /** What has come due since the last time, or while no daemon was there. */
  function collectDue(): void {
    const nowMs = system.nowMs();
    if (isSetBack()) {
      log.event("warn", "schedule begins anew", { entry: name, before: new Date(sinceMs).toISOString() });
      owed = [];
    }
    const { runs, skipped, upToMs } = dueRuns(entry, dealtWith(sinceMs, nowMs), nowMs);
    sinceMs = upToMs;
    owed = [...owed, ...runs];
    const facts = { entry: name, missed: entry.missed, enqueued: runs.length, upTo: new Date(upToMs).toISOString() };
    if (skipped) log.event("warn", "runs missed", facts);
  }

  /** The steps that `schedule-records.ts` tells of. */
  async function run(at: string): Promise<void> {
    const task = await taskFor(at);
    if (task instanceof SpooldError) {
      const problem = serializeError(task);
      failed += 1;
      log.event("error", "schedule failed", { entry: name, at, error: problem });
      return note({ since: at, problem });
    }
    const number = await sequence.reserve(1);
    await write({ ...record, pending: { at, number, key: keyOf(task) } });
    const bytes = encodeTask(task);
    const marks = marksOf(task);
    const committed = await committer.commit({ bytes, priority: task.priority ?? 0, marks, wanted: number });
    await noteRun(at, committed.number);
    const facts = { ...taskFields({ ...task, number: committed.number }), entry: name, at };
    log.event("info", committed.isNew ? "schedule enqueued" : "schedule queued already", facts);
  }

  /** @returns the error when there is none to be had, and it is not the machine's that a pause mends */
  async function taskFor(at: string): Promise<Task | SpooldError> {
    try {
      const task = await renderTask(system, layout, entry.task);
      const full = { ...task, supplicant: task.supplicant ?? `schedule ${name}`, summary: task.summary ?? `due ${at}` };
      encodeTask(full);
      return full;
    } catch (error) {
      const known = toSpooldError(error);
      if (pausesDaemon(known.code)) throw known;
      return known;
    }
  }

  function noteRun(at: string, number: number): Promise<void> {
    return note({ since: at, lastAt: at, lastNumber: number, problem: null });
  }

  async function note(changes: Pick<EntryRecord, "since"> & Partial<EntryRecord>): Promise<void> {
    await write({ ...record, ...changes, pending: null });
    const upToMs = Date.parse(changes.since);
    sinceMs = Math.max(sinceMs, upToMs);
    owed = owed.filter((atMs) => atMs > upToMs);
  }

  async function write(next: EntryRecord): Promise<void> {
    await requireLock();
    await writeEntryRecord(system, layout, name, next);
    record = next;
  }

  async function requireLock(): Promise<void> {
    if (!(await lock.isHeld())) throw new SpooldError("LOCK_LOST", { generation: lock.owner.generation });
  }
}

/** The record of an entry; one that is about something else is begun anew, and keeps what it knows of the last run. */
async function openRecord(context: DaemonContext, { name, enabled, line }: ScheduleEntry): Promise<EntryRecord> {
  const { system, layout } = context;
  const known = await readEntryRecord(system, layout, name);
  const current = enabled ? line : null;
  if (known !== undefined && known.line === current) return known;
  const { lastAt = null, lastNumber = null } = known ?? {};
  const since = new Date(system.nowMs()).toISOString();
  const record = { line: current, since, lastAt, lastNumber, pending: null, problem: null };
  await writeEntryRecord(system, layout, name, record);
  return record;
}

function finite(ms: number): number | undefined {
  return Number.isFinite(ms) ? ms : undefined;
}
