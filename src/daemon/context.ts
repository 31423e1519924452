import type { Settings } from "../config.ts";
import type { Log } from "../log.ts";
import { type Committer, openCommitter } from "../spool/commit.ts";
import type { DaemonLock } from "../spool/daemon-lock.ts";
import type { Layout } from "../spool/layout.ts";
import { openPruned, type Pruned } from "../spool/pruned.ts";
import { openSequence, type Sequence } from "../spool/sequence.ts";
import { spoolTagOf } from "../spool/tag.ts";
import type { System } from "../system.ts";

/** What every part of a running daemon works with. */
export interface DaemonContext {
  readonly system: System;
  readonly layout: Layout;
  readonly settings: Settings;
  /** With every link resolved; relative paths of tasks start at the first. */
  readonly roots: readonly string[];
  /** The spool's real path. */
  readonly spool: string;
  readonly log: Log;
  readonly lock: Pick<DaemonLock, "isHeld" | "owner">;
  readonly committer: Committer;
  readonly sequence: Sequence;
  readonly pruned: Pruned;
  /** Tells the temporaries of this spool from those of others that write into the same directories. */
  readonly spoolTag: string;
}

/** What the parts of a daemon need that has just taken a spool. */
export async function openContext(
  given: Pick<DaemonContext, "system" | "layout" | "settings" | "roots" | "log" | "lock">,
): Promise<DaemonContext> {
  const { system, layout } = given;
  const sequence = openSequence(system, layout);
  const committer = openCommitter(system, layout, sequence);
  const spoolTag = await spoolTagOf(system, layout);
  const spool = await system.fs.realpath(layout.root);
  const pruned = openPruned(system, layout);
  return { ...given, spool, committer, sequence, pruned, spoolTag };
}
