/**
 * The life of a task. Its state is the directory it lies in; each move is one rename.
 *
 *   (drop) ──intake──▶ tasks ──claim──▶ active ──succeeded, fresh───────▶ done
 *      │                │                ▲ │ ├──failed for good──────────▶ failed
 *      │          runAt │          claim │ │ └──failed too often─────────▶ failed
 *      │                └──────────────▶ │ ▼
 *      └─not a task─▶ rejected        deferred   failed, timed out, crashed: the next attempt, later and later
 *                                                orphaned: the next attempt is due at once
 *                                                disk full, stopped by force: the same attempt again, at once
 *
 *   By hand or by command, also while it runs:
 *     hold     tasks, deferred, active ─▶ held      release  held ─▶ tasks, deferred
 *     retry    failed, deferred ─▶ tasks            cancel   tasks, deferred, held, failed, active ─▶ done
 *   A retry of what has failed begins again at attempt 1; the receipt of a cancelled task says so.
 *
 * This module decides where an attempt's end leads. It moves nothing.
 */
import { isPermanent, pausesDaemon, type SerializedError, SpooldError } from "../errors.ts";
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

/** How often an attempt is followed by another, and when. */
export interface RetryPolicy {
  /** Attempts that may fail, time out or crash. */
  readonly maxAttempts: number;
  /** Attempts that may kill a worker or the daemon. */
  readonly maxCrashes: number;
  /** The longest wait after the first attempt, ms; doubled after each one. */
  readonly backoffMs: number;
  /** The longest wait after any attempt, ms. */
  readonly backoffMaxMs: number;
}

export interface AttemptEnd {
  /** The attempt that has ended, from 1. */
  readonly attempt: number;
  readonly outcome: Outcome;
  /** Earlier attempts of this task that did not succeed. */
  readonly earlier: readonly AttemptRecord[];
  /** When it ended, ms since epoch. */
  readonly nowMs: number;
  /** From 0 to below 1, for the jitter of the backoff. */
  readonly random: number;
}

/** Due since ever: no clock that is set back can delay it. */
const AT_ONCE = 0;

/** Where a task goes when an attempt has ended. */
export function decideMove(end: AttemptEnd, policy: RetryPolicy): Move {
  const { attempt, outcome } = end;
  switch (outcome.kind) {
    case "succeeded":
    case "handled":
    case "fresh":
      return { to: "done" };
    case "interrupted":
      return sameAgain(attempt, null);
    case "failed":
      if (pausesDaemon(outcome.error.code)) return sameAgain(attempt, outcome.error);
      return isPermanent(outcome.error.code)
        ? { to: "failed", error: outcome.error }
        : nextOrLast(end, outcome, policy);
    case "timedOut":
      return nextOrLast(end, outcome, policy);
    case "crashed":
    case "orphaned":
      return 1 + end.earlier.filter(isCrash).length >= policy.maxCrashes
        ? { to: "failed", error: errorOf(outcome) }
        : nextOrLast(end, outcome, policy);
  }
}

/**
 * How long to wait after an attempt that failed: full jitter, so that what failed together does not come back together.
 * @param attempt the one that failed, from 1
 * @param random from 0 to below 1
 * @returns ms
 */
export function backoffMs(
  attempt: number,
  random: number,
  policy: Pick<RetryPolicy, "backoffMs" | "backoffMaxMs">,
): number {
  return Math.floor(random * Math.min(policy.backoffMaxMs, policy.backoffMs * 2 ** (attempt - 1)));
}

function sameAgain(attempt: number, pause: SerializedError | null): Move {
  return { to: "deferred", attempt, dueAtMs: AT_ONCE, counted: null, pause };
}

function nextOrLast({ attempt, nowMs, random }: AttemptEnd, outcome: FailedOutcome, policy: RetryPolicy): Move {
  const error = errorOf(outcome);
  if (attempt >= policy.maxAttempts) return { to: "failed", error };
  // The daemon was down meanwhile: that was wait enough.
  const dueAtMs = outcome.kind === "orphaned" ? AT_ONCE : nowMs + backoffMs(attempt, random, policy);
  return { to: "deferred", attempt: attempt + 1, dueAtMs, counted: error, pause: null };
}

type FailedOutcome = Extract<Outcome, { kind: "failed" | "timedOut" | "crashed" | "orphaned" }>;

/** The error that stands for the end of an attempt, whoever reported it. */
export function errorOf(outcome: FailedOutcome): SerializedError {
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
