/**
 * The life of a task. Its state is the directory it lies in; each move is one rename.
 *
 *   (drop) ──intake──▶ tasks ──claim──▶ active ──succeeded────────────▶ done
 *      │                 ▲               │ │ └──failed, timed out──────▶ failed
 *      └─not a task─▶ rejected           │ └────crashed, may run again─▶ deferred ──due, claim──▶ active
 *                        └───────────────┘ pause (disk full), forced stop: attempt given back
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
  | { readonly to: "deferred"; readonly attempt: number; readonly dueAtMs: number; readonly error: SerializedError }
  /** Back to where it was waiting, the attempt not counted. `pause` when the machine must be mended first. */
  | { readonly to: "waiting"; readonly pause: SerializedError | null };

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
 * @param nowMs wall clock, ms since epoch
 */
export function decideMove(end: AttemptEnd, policy: { readonly maxCrashes: number }, nowMs: number): Move {
  const { attempt, outcome, earlier } = end;
  switch (outcome.kind) {
    case "succeeded":
      return { to: "done" };
    case "interrupted":
      return { to: "waiting", pause: null };
    case "failed":
      return pausesDaemon(outcome.error.code)
        ? { to: "waiting", pause: outcome.error }
        : { to: "failed", error: outcome.error };
    case "timedOut":
      return { to: "failed", error: errorOf(outcome) };
    case "crashed": {
      const crashes = 1 + earlier.filter((record) => record.outcome === "crashed").length;
      const error = errorOf(outcome);
      return crashes >= policy.maxCrashes
        ? { to: "failed", error }
        : { to: "deferred", attempt: attempt + 1, dueAtMs: nowMs, error };
    }
  }
}

/** The error that stands for an end that was not reported by the worker itself. */
function errorOf(outcome: Extract<Outcome, { kind: "timedOut" | "crashed" }>): SerializedError {
  return outcome.kind === "timedOut"
    ? new SpooldError("TASK_TIMED_OUT", { timeoutMs: outcome.timeoutMs }).toJSON()
    : new SpooldError("WORKER_CRASHED", { exitCode: outcome.exitCode, signal: outcome.signal }).toJSON();
}
