/** A scheduler on a real spool, with a clock in the hand of the test and no daemon around it. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { resolveSettings } from "../../src/config.ts";
import type { DaemonContext } from "../../src/daemon/context.ts";
import { openScheduler, type Scheduler } from "../../src/daemon/scheduler.ts";
import type { Log } from "../../src/log.ts";
import { openCommitter } from "../../src/spool/commit.ts";
import type { Layout } from "../../src/spool/layout.ts";
import { readEntryRecord } from "../../src/spool/schedule-records.ts";
import { openSequence } from "../../src/spool/sequence.ts";
import { realSystem, type System } from "../../src/system.ts";
import { names } from "./directories.ts";

/** A clock that goes only when it is told to. */
export interface Clock {
  /** ms since epoch. */
  nowMs: number;
  monotonicMs: number;
}

export function clockAt(time: string): Clock {
  return { nowMs: Date.parse(time), monotonicMs: 0 };
}

export interface LogEvent extends Readonly<Record<string, unknown>> {
  readonly level: string;
  readonly name: string;
}

export interface Scheduling {
  readonly scheduler: Scheduler;
  /** What the log was told. */
  readonly events: readonly LogEvent[];
  /** Sets the clock, looks at the file and enqueues what is due, as a turn of the daemon's loop does. */
  turn(time?: string): Promise<boolean>;
}

export const SETTLE_MS = 1_000;

/** Begins to follow the schedule of a spool, as a daemon that has just started. */
export function followSchedule(layout: Layout, clock: Clock, base: System = realSystem()): Scheduling {
  const events: LogEvent[] = [];
  const system: System = { ...base, nowMs: () => clock.nowMs, monotonicMs: () => clock.monotonicMs };
  const log: Log = {
    event: (level, name, fields = {}) => events.push({ level, name, ...fields }),
    reopen: () => undefined,
    dropped: () => 0,
    close: () => undefined,
  };
  const settings = resolveSettings(
    { flags: { settleMs: SETTLE_MS }, env: {}, file: undefined },
    { cores: 1, workingDirectory: layout.root },
  );
  const sequence = openSequence(system, layout);
  const committer = openCommitter(system, layout, sequence);
  const context = { system, layout, settings, log, sequence, committer, lock: { isHeld: async () => true } };
  const scheduler = openScheduler(context as unknown as DaemonContext);
  return {
    scheduler,
    events,
    async turn(time) {
      if (time !== undefined) clock.nowMs = Date.parse(time);
      await scheduler.look();
      return scheduler.tend();
    },
  };
}

export const NIGHTLY = { cron: "0 3 * * *", timeZone: "UTC", task: { source: "a.jpg", outputs: [{ file: "b.jpg" }] } };

/** Writes a schedule with these entries. */
export async function schedule(layout: Layout, entries: Readonly<Record<string, unknown>>): Promise<void> {
  await writeFile(layout.scheduleFile, JSON.stringify({ entries }));
}

/** What the tasks that wait say they are for, in the order of their numbers. */
export async function enqueued(layout: Layout): Promise<string[]> {
  const files = (await names(layout.tasks)).sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  const tasks = await Promise.all(
    files.map(async (file) => JSON.parse(await readFile(join(layout.tasks, file), "utf8"))),
  );
  return tasks.map(({ supplicant, summary }) => `${supplicant}: ${summary}`);
}

/** The record of the entry `nightly`. */
export function nightlyRecord(layout: Layout) {
  return readEntryRecord(realSystem(), layout, "nightly");
}
