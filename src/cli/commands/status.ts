import { askDaemon, type DaemonStatus } from "../../spool/control.ts";
import { countStates, oldestWaitingMs } from "../../spool/counts.ts";
import { livingOwner } from "../../spool/daemon-lock.ts";
import { layoutOf, requireSpool, STATES } from "../../spool/layout.ts";
import { viewSchedule } from "../../spool/schedule-view.ts";
import { openSequence } from "../../spool/sequence.ts";
import { realSystem } from "../../system.ts";
import type { JsonOptions } from "../options.ts";
import { duration, printJson, printLine, printTable } from "../output.ts";
import { scheduleLines } from "../schedule-lines.ts";

const ANSWER_MS = 1_000;

/** Tells how many tasks lie in each state, who owns the spool, and how long the oldest task has waited. */
export async function status(options: JsonOptions): Promise<number> {
  const system = realSystem();
  const layout = layoutOf(options.spool);
  await requireSpool(system, layout);
  const owner = await livingOwner(system, layout);
  const answer = owner === undefined ? undefined : await askDaemon(system, layout, { ask: "status" }, ANSWER_MS);
  const counts = await countStates(system, layout);
  const oldestMs = await oldestWaitingMs(system, layout);
  const highestNumber = await openSequence(system, layout).highest();
  const live = answer === "silent" ? undefined : answer;
  const { schedule, scheduleError } = live ?? (await viewSchedule(system, layout));
  const daemon =
    owner === undefined
      ? null
      : { pid: owner.pid, host: owner.host, since: owner.since, answers: live !== undefined, ...withoutSchedule(live) };
  if (options.json) {
    printJson({
      spool: layout.root,
      daemon,
      counts,
      oldestWaitingMs: oldestMs,
      highestNumber,
      schedule,
      scheduleError,
    });
    return 0;
  }
  printLine(`spool   ${layout.root}`);
  printLine(
    `daemon  ${daemon === null ? "none" : `pid ${daemon.pid} on ${daemon.host} since ${daemon.since}${notes(live)}`}`,
  );
  printLine(`oldest  ${oldestMs === null ? "nothing waits" : duration(oldestMs)}`);
  printTable([[...STATES], STATES.map((state) => String(counts[state]))]);
  for (const { number, summary, forMs } of live?.running ?? [])
    printLine(`running ${number} for ${duration(forMs)}  ${summary ?? ""}`);
  for (const line of scheduleLines({ schedule, scheduleError }, system.nowMs())) printLine(line);
  return 0;
}

/** It stands beside the daemon, whether there is one or not. */
function withoutSchedule(live: DaemonStatus | undefined): Partial<DaemonStatus> {
  const { schedule: _schedule, scheduleError: _error, ...rest } = live ?? {};
  return rest;
}

function notes(live: DaemonStatus | undefined): string {
  if (live === undefined) return ", does not answer";
  return `${live.stopping ? ", stopping" : ""}${live.paused === null ? "" : `, paused: ${live.paused}`}`;
}
