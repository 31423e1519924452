/** What a snapshot of a spool says, in words; `status` and `top` have them in common. */
import type { DaemonStatus, RunningTask } from "../spool/control.ts";
import { duration } from "./output.ts";
import type { Snapshot } from "./snapshot.ts";

/** The lines above the table of counts. */
export function describeSpool(root: string, snapshot: Snapshot, nowMs: number): readonly string[] {
  const { live, oldestWaitingMs, nextDueAtMs } = snapshot;
  return [
    `spool   ${root}`,
    `daemon  ${describeDaemon(snapshot)}`,
    // A daemon of an earlier version does not tell.
    ...(live?.rate === undefined ? [] : [`rate    ${live.rate.perMinute} a minute`]),
    `oldest  ${oldestWaitingMs === null ? "nothing waits" : duration(oldestWaitingMs)}`,
    ...(nextDueAtMs === null ? [] : [`due     ${describeDue(nextDueAtMs, nowMs)}`]),
  ];
}

/** When something is due, as seen from now. */
export function describeDue(dueAtMs: number, nowMs: number): string {
  return dueAtMs <= nowMs ? "now" : `in ${duration(dueAtMs - nowMs)}`;
}

/** How far a task is, as far as it tells: `40 % decoding`. A daemon of an earlier version tells nothing. */
export function describeProgress({ progress }: { readonly progress?: RunningTask["progress"] }): string {
  if (progress === undefined || progress === null) return "";
  return `${Math.round(progress.part * 100)} % ${progress.text ?? ""}`.trim();
}

function describeDaemon({ owner, live }: Snapshot): string {
  return owner === undefined ? "none" : `pid ${owner.pid} on ${owner.host} since ${owner.since}${notes(live)}`;
}

function notes(live: DaemonStatus | undefined): string {
  if (live === undefined) return ", does not answer";
  return `${live.stopping ? ", stopping" : ""}${live.paused === null ? "" : `, paused: ${live.paused}`}`;
}
