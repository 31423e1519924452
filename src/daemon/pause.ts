import type { SpooldError } from "../errors.ts";
import type { Log } from "../log.ts";

/** Holds the daemon back while the machine is at fault, and tries again by itself, ever more slowly. */
export interface Pause {
  /** Starts or prolongs the pause; the log is told once until work succeeds again. */
  begin(error: SpooldError): void;
  /** Says that work has succeeded: the next trouble is a new one. */
  end(): void;
  /** In how many ms the next try is due; 0 or less when nothing holds the daemon back. */
  remainingMs(): number;
  /** Why the daemon is held back, or null; stays until work has succeeded. */
  because(): SpooldError | null;
}

const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

export function createPause(monotonicMs: () => number, log: Log): Pause {
  let error: SpooldError | null = null;
  let delayMs = FIRST_MS;
  let untilMs = 0;
  return {
    begin(cause) {
      // Several tasks may meet the same full disk at once; only a try after the pause makes it longer.
      if (untilMs > monotonicMs()) return;
      if (error?.code !== cause.code) log.event("error", "daemon paused", { error: cause.toJSON() });
      error = cause;
      untilMs = monotonicMs() + delayMs;
      delayMs = Math.min(delayMs * 2, LONGEST_MS);
    },
    end() {
      if (error !== null) log.event("info", "daemon resumed", { after: error.code });
      error = null;
      delayMs = FIRST_MS;
      untilMs = 0;
    },
    remainingMs: () => untilMs - monotonicMs(),
    because: () => error,
  };
}
