import type { ActiveTask } from "../spool/claim.ts";
import { keyOf } from "../task/key.ts";
import type { AttemptRecord, Outcome, Reason, Receipt } from "../task/outcome.ts";
import { srcSetsOf } from "../task/srcset.ts";
import type { Task } from "../task/task.ts";
import { errorOf } from "../task/transition.ts";
import type { EarlierWork } from "../worker/protocol.ts";

/** An attempt that is counted on disk. */
export interface Attempt {
  readonly active: ActiveTask;
  readonly task: Task;
  /** ms since epoch. */
  readonly startedAtMs: number;
  /** What the worker was told that an earlier task has left. */
  readonly earlierWork?: EarlierWork;
}

/** An outcome after which a task is done. */
export type Success = Extract<Outcome, { kind: "succeeded" | "handled" | "fresh" }>;

export function isSuccess(outcome: Outcome): outcome is Success {
  return outcome.kind === "succeeded" || outcome.kind === "handled" || outcome.kind === "fresh";
}

/** What is remembered of an attempt that did not succeed. */
export function recordOf({ active }: Attempt, outcome: Outcome, nowMs: number): AttemptRecord {
  if (isSuccess(outcome) || outcome.kind === "interrupted") {
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
export function receiptFor(
  attempt: Attempt,
  outcome: Success,
  { nowMs, earlier }: { readonly nowMs: number; readonly earlier: readonly AttemptRecord[] },
): Receipt {
  const { active, task, startedAtMs } = attempt;
  const isHandled = outcome.kind === "handled";
  const outputs = isHandled ? [] : outcome.outputs;
  const srcset = srcSetsOf(outputs);
  return {
    number: active.number,
    key: keyOf(task),
    status: outcome.kind === "fresh" ? "fresh" : "done",
    supplicant: task.supplicant ?? null,
    summary: task.summary ?? null,
    ...(task.batch !== undefined && { batch: task.batch }),
    attempts: active.attempt,
    startedAt: isoTime(startedAtMs),
    endedAt: isoTime(nowMs),
    durationMs: Math.max(0, Math.round(nowMs - startedAtMs)),
    source: isHandled ? null : outcome.source,
    outputs,
    ...(isHandled && { result: outcome.result }),
    ...(srcset !== undefined && { srcset }),
    ...(earlier.length > 0 && { earlier }),
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
