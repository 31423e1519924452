import type { ActiveTask } from "../spool/claim.ts";
import { hasOwnKey, keyOf } from "../task/key.ts";
import type { AttemptRecord, Outcome, Reason, Receipt } from "../task/outcome.ts";
import { srcSetsOf } from "../task/srcset.ts";
import type { Task } from "../task/task.ts";
import { errorOf } from "../task/transition.ts";

/** An attempt that is counted on disk. */
export interface Attempt {
  readonly active: ActiveTask;
  readonly task: Task;
  /** ms since epoch. */
  readonly startedAtMs: number;
}

/** What is remembered of an attempt that did not succeed. */
export function recordOf({ active }: Attempt, outcome: Outcome, nowMs: number): AttemptRecord {
  if (outcome.kind === "succeeded" || outcome.kind === "interrupted") {
    throw new TypeError(`an attempt that ended as ${outcome.kind} leaves no record`);
  }
  return { attempt: active.attempt, outcome: outcome.kind, error: errorOf(outcome), endedAt: isoTime(nowMs) };
}

/** What lies beside a dead letter. */
export function reasonFor(
  { active, task }: Attempt,
  error: Reason["error"],
  attempts: readonly AttemptRecord[],
  nowMs: number,
): Reason {
  const { supplicant = null, summary = null } = task;
  return { number: active.number, supplicant, summary, error, attempts, endedAt: isoTime(nowMs) };
}

/** What lies in `done/`. */
export function receiptFor(attempt: Attempt, outcome: Extract<Outcome, { kind: "succeeded" }>, nowMs: number): Receipt {
  const { active, task, startedAtMs } = attempt;
  const srcset = srcSetsOf(outcome.outputs);
  return {
    number: active.number,
    key: hasOwnKey(task) && task.key !== undefined ? task.key : keyOf(task),
    supplicant: task.supplicant ?? null,
    summary: task.summary ?? null,
    attempts: active.attempt,
    startedAt: isoTime(startedAtMs),
    endedAt: isoTime(nowMs),
    durationMs: Math.max(0, Math.round(nowMs - startedAtMs)),
    source: outcome.source,
    outputs: outcome.outputs,
    ...(srcset !== undefined && { srcset }),
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
