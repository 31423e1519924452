import { readPauseFile } from "../spool/pause-file.ts";
import type { DaemonContext } from "./context.ts";

/** The pause that people ask for by the file `PAUSE`. */
export interface PauseByHand {
  /** Looks whether the file is there. */
  look(): Promise<boolean>;
  /** What it said at the last look; undefined when it was not there. */
  reason(): string | undefined;
}

export function openPauseByHand({ system, layout, log }: DaemonContext): PauseByHand {
  let reason: string | undefined;
  return {
    async look() {
      const found = await readPauseFile(system, layout);
      if (found !== undefined && reason === undefined) log.event("warn", "daemon paused by hand", { reason: found });
      if (found === undefined && reason !== undefined) log.event("info", "daemon resumed by hand");
      reason = found;
      return reason !== undefined;
    },
    reason: () => reason,
  };
}
