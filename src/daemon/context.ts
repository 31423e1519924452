import type { Settings } from "../config.ts";
import type { Log } from "../log.ts";
import type { Committer } from "../spool/commit.ts";
import type { DaemonLock } from "../spool/daemon-lock.ts";
import type { Layout } from "../spool/layout.ts";
import type { Pruned } from "../spool/pruned.ts";
import type { Sequence } from "../spool/sequence.ts";
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
