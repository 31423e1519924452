import { type ErrorCode, SpooldError } from "../errors.ts";

/** Tells a broken machine from broken tasks: what fails in the same way again and again may not be the tasks' fault. */
export interface Breaker {
  /**
   * Takes note of how an attempt ended.
   * @param code of the error, or null when it succeeded
   * @returns why nothing more should be started, once too many in a row have failed alike
   */
  note(code: ErrorCode | null): SpooldError | null;
  /** Begins to count anew. */
  reset(): void;
}

/** Errors that a disk that is not mounted, a wrong permission or a broken installation brings to every task alike. */
const MACHINE_MAYBE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "SOURCE_MISSING",
  "SOURCE_UNREADABLE",
  "PATH_OUTSIDE_ROOTS",
  "OUTPUT_FAILED",
  "OUTPUT_UNWRITABLE",
  "IO_ERROR",
  "WORKER_CRASHED",
  "TASK_TIMED_OUT",
  "HANDLER_MISSING",
  "HANDLER_FAILED",
]);

/** @param maxAlike failures with one error in a row that are too many; 0 for never */
export function createBreaker(maxAlike: number): Breaker {
  let last: ErrorCode | null = null;
  let alike = 0;
  return {
    note(code) {
      alike = code !== null && code === last ? alike + 1 : 1;
      last = code;
      if (maxAlike === 0 || code === null || alike < maxAlike || !MACHINE_MAYBE.has(code)) return null;
      return new SpooldError("FAILURES_ALIKE", { error: code, count: alike });
    },
    reset() {
      last = null;
      alike = 0;
    },
  };
}
