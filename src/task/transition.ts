/**
 * The life of a task. Its state is the directory it lies in; each move is one rename.
 *
 *   (drop) ──intake──▶ tasks ──claim──▶ active ──succeeded──────────────▶ done
 *      │                                 ▲ │ └──failed, timed out────────▶ failed
 *      │                           claim │ │ └──crashed, orphaned too often─▶ failed
 *      └─not a task─▶ rejected           │ ▼
 *                                     deferred   crashed, orphaned: the next attempt is due at once
 *                                                disk full, stopped by force: the same attempt again
 *
 *   By hand: tasks ⇄ held, failed ─▶ tasks (a retry: attempts begin again at 1).
 *
 * This module decides where an attempt's end leads. It moves nothing.
 */
import { pausesDaemon, type SerializedError, SpooldError } from "../errors.ts";
import type { AttemptRecord, Outcome } from "./outcome.ts";

export type Move =
  | { readonly to: "done" }
  | { readonly to: "failed"; readonly error: SerializedError }
  | {
      readonly to: "deferred";
      readonly attempt: number;
      readonly dueAtMs: number;
      /** Why the attempt is remembered as used up; null when it does not count. */
      readonly counted: SerializedError | null;
      /** Why the machine must be mended before anything else is started; null when it need not. */
      readonly pause: SerializedError | null;
    };

/** Due since ever: no clock that is set back can delay it. */
const AT_ONCE = 0;

export interface AttemptEnd {
  /** The attempt that has ended, from 1. */
  readonly attempt: number;
  readonly outcome: Outcome;
  /** Earlier attempts of this task that did not succeed. */
  readonly earlier: readonly AttemptRecord[];
}

/**
 * Where a task goes when an attempt has ended.
 * @param end the attempt and what came before it
 * @param policy `maxCrashes`: attempts that may kill a worker or the daemon
 */
export function decideMove(end: AttemptEnd, policy: { readonly maxCrashes: number }): Move {
  const { attempt, outcome, earlier } = end;
  switch (outcome.kind) {
    case "succeeded":
      return { to: "done" };
    case "interrupted":
      return { to: "deferred", attempt, dueAtMs: AT_ONCE, counted: null, pause: null };
    case "failed":
      return pausesDaemon(outcome.error.code)
        ? { to: "deferred", attempt, dueAtMs: AT_ONCE, counted: null, pause: outcome.error }
        : { to: "failed", error: outcome.error };
    case "timedOut":
      return { to: "failed", error: errorOf(outcome) };
    case "crashed":
    case "orphaned": {
      const error = errorOf(outcome);
      return 1 + earlier.filter(isCrash).length >= policy.maxCrashes
        ? { to: "failed", error }
        : { to: "deferred", attempt: attempt + 1, dueAtMs: AT_ONCE, counted: error, pause: null };
    }
  }
}

/** The error that stands for the end of an attempt, whoever reported it. */
export function errorOf(outcome: Exclude<Outcome, { kind: "succeeded" | "interrupted" }>): SerializedError {
  switch (outcome.kind) {
    case "failed":
      return outcome.error;
    case "timedOut":
      return new SpooldError("TASK_TIMED_OUT", { timeoutMs: outcome.timeoutMs }).toJSON();
    case "crashed":
      return new SpooldError("WORKER_CRASHED", { exitCode: outcome.exitCode, signal: outcome.signal }).toJSON();
    case "orphaned":
      return new SpooldError("DAEMON_CRASHED").toJSON();
  }
}

function isCrash({ outcome }: AttemptRecord): boolean {
  return outcome === "crashed" || outcome === "orphaned";
}
