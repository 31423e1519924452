import type { Settings } from "../config.ts";
import type { Log } from "../log.ts";
import type { System } from "../system.ts";

export interface DaemonOptions {
  readonly spoolDir: string;
  readonly settings: Settings;
  /** End when nothing is left to do. */
  readonly once: boolean;
  /** End when nothing lies in `tasks/`, and no other attempt is to be made; default false. */
  readonly untilEmpty?: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly system: System;
  readonly log: Log;
  /** Called once the spool is owned, with the way to ask how far the work has come. */
  readonly started?: (progress: () => DrainProgress) => void;
}

/** How far the work has come since the start. */
interface DrainProgress {
  readonly done: number;
  readonly failed: number;
  /** How many were seen that have not ended. */
  readonly left: number;
}
