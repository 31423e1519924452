import { askDaemon, type DaemonStatus } from "../spool/control.ts";
import { countStates, nextDueAtMs, oldestWaitingMs } from "../spool/counts.ts";
import { livingOwner } from "../spool/daemon-lock.ts";
import type { Layout, State } from "../spool/layout.ts";
import type { Owner } from "../spool/owner.ts";
import type { System } from "../system.ts";

/** What `status` and `top` tell of a spool. */
export interface Snapshot {
  /** Undefined when no daemon owns the spool. */
  readonly owner: Owner | undefined;
  /** What the daemon tells of itself; undefined when there is none, or it does not answer. */
  readonly live: DaemonStatus | undefined;
  readonly counts: Readonly<Record<State, number>>;
  readonly oldestWaitingMs: number | null;
  /** ms since epoch. */
  readonly nextDueAtMs: number | null;
}

const ANSWER_MS = 1_000;

export async function takeSnapshot(system: System, layout: Layout): Promise<Snapshot> {
  const owner = await livingOwner(system, layout);
  const answer = owner === undefined ? undefined : await askDaemon(system, layout, { ask: "status" }, ANSWER_MS);
  return {
    owner,
    live: answer === "silent" ? undefined : answer,
    counts: await countStates(system, layout),
    oldestWaitingMs: await oldestWaitingMs(system, layout),
    nextDueAtMs: await nextDueAtMs(system, layout),
  };
}
