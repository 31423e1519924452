import type { RunningTask } from "../../spool/control.ts";
import { type Layout, layoutOf, requireSpool, STATES } from "../../spool/layout.ts";
import type { ScheduleView } from "../../spool/schedule-view.ts";
import { openSequence } from "../../spool/sequence.ts";
import { ignoring, realSystem, type System } from "../../system.ts";
import { describeProgress, describeSpool } from "../describe-spool.ts";
import type { JsonOptions } from "../options.ts";
import { duration, printJson, printLine, printTable } from "../output.ts";
import { scheduleLines } from "../schedule-lines.ts";
import { type Snapshot, takeSnapshot } from "../snapshot.ts";

/** Tells how many tasks lie in each state, who owns the spool, what runs, and how long the oldest task has waited. */
export async function status(options: JsonOptions): Promise<number> {
  const system = realSystem();
  const layout = layoutOf(options.spool);
  await requireSpool(system, layout);
  const snapshot = await takeSnapshot(system, layout);
  const { schedule, scheduleError } = snapshot.live ?? (await scheduleOf(system, layout));
  if (options.json) {
    const highestNumber = await openSequence(system, layout).highest();
    printJson({ spool: layout.root, ...jsonOf(snapshot), highestNumber, schedule, scheduleError });
    return 0;
  }
  for (const line of describeSpool(layout.root, snapshot, system.nowMs())) printLine(line);
  printTable([[...STATES], STATES.map((state) => String(snapshot.counts[state]))]);
  for (const running of snapshot.live?.running ?? []) printLine(describeRunning(running));
  for (const line of scheduleLines({ schedule, scheduleError }, system.nowMs())) printLine(line);
  return 0;
}

/** The schedule without a daemon. Most spools have none, and then what reads it need not be loaded. */
async function scheduleOf(system: System, layout: Layout): Promise<ScheduleView> {
  if ((await ignoring(["ENOENT"], system.fs.lstat(layout.scheduleFile))) === undefined)
    return { schedule: [], scheduleError: null };
  const { viewSchedule } = await import("../../spool/schedule-view.ts");
  return viewSchedule(system, layout);
}

function describeRunning(running: RunningTask): string {
  const { number, attempt, forMs, summary } = running;
  const progress = describeProgress(running);
  const about = [
    `running ${number} for ${duration(forMs)}`,
    `attempt ${attempt}`,
    ...(progress === "" ? [] : [progress]),
  ];
  return `${about.join(", ")}  ${summary ?? ""}`.trimEnd();
}

function jsonOf({ owner, live, counts, oldestWaitingMs, nextDueAtMs }: Snapshot): object {
  // It stands beside the daemon, whether there is one or not.
  const { schedule: _schedule, scheduleError: _error, ...rest } = live ?? {};
  const daemon =
    owner === undefined
      ? null
      : { pid: owner.pid, host: owner.host, since: owner.since, answers: live !== undefined, ...rest };
  return {
    daemon,
    counts,
    oldestWaitingMs,
    nextDueAt: nextDueAtMs === null ? null : new Date(nextDueAtMs).toISOString(),
  };
}
