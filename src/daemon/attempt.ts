import { SpooldError, serializeError, toSpooldError } from "../errors.ts";
import { resolveOutput } from "../image/paths.ts";
import { publish, removeTemporaries, temporaryPath } from "../image/publish.ts";
import { taskFields } from "../log.ts";
import { readAttempts } from "../spool/attempts.ts";
import type { ActiveTask } from "../spool/claim.ts";
import { defer, finishDone, finishFailed, hasReceipt } from "../spool/finish.ts";
import { hasOwnKey, keyOf } from "../task/key.ts";
import type { AttemptRecord, Outcome, Reason, Receipt } from "../task/outcome.ts";
import { srcSetsOf } from "../task/srcset.ts";
import type { Task } from "../task/task.ts";
import { decideMove, errorOf, type Move } from "../task/transition.ts";
import type { PreparedOutput } from "../worker/protocol.ts";
import type { DaemonContext } from "./context.ts";
import type { WorkEnd } from "./worker-process.ts";

/** An attempt that is counted on disk. */
export interface Attempt {
  readonly active: ActiveTask;
  readonly task: Task;
  /** ms since epoch. */
  readonly startedAtMs: number;
}

/** What an attempt's end means for the daemon. */
export interface Conclusion {
  readonly move: Move["to"];
  /** Why nothing may be started for now, or null. */
  readonly pause: SpooldError | null;
}

/** What names the temporaries of an attempt, so that no other attempt, task or spool uses the same. */
export function attemptTag(context: DaemonContext, { number, attempt }: ActiveTask): string {
  return `${context.spoolTag}-${number}-a${attempt}`;
}

/**
 * Publishes what a worker has prepared, or cleans up after it, and moves the task to where its end leads.
 * The order is the guarantee: outputs renamed, receipt committed, task file unlinked.
 * @throws LOCK_LOST before anything is published or moved once the spool belongs to another daemon; IO_ERROR when the
 *   spool itself fails: the claim then stays, and the next start goes on from it
 */
export async function conclude(context: DaemonContext, attempt: Attempt, end: WorkEnd): Promise<Conclusion> {
  await requireLock(context);
  const outcome = await outcomeOf(context, attempt, end);
  await requireLock(context);
  return settle(context, attempt, outcome);
}

/** Moves a task to where an outcome leads, and tells the log. */
export async function settle(context: DaemonContext, attempt: Attempt, outcome: Outcome): Promise<Conclusion> {
  const { system, layout, settings } = context;
  const { active } = attempt;
  const earlier = active.attempt > 1 ? await readAttempts(system, layout, active.number) : [];
  const nowMs = system.nowMs();
  const move = decideMove({ attempt: active.attempt, outcome, earlier }, settings, nowMs);
  try {
    if (move.to === "failed") {
      const attempts = [...earlier, recordOf(attempt, outcome, nowMs)];
      await finishFailed(system, layout, active, reasonFor(attempt, move.error, attempts, nowMs));
    } else if (move.to === "deferred") {
      const record = move.counted === null ? null : recordOf(attempt, outcome, nowMs);
      await defer(system, layout, active, { attempt: move.attempt, dueAtMs: move.dueAtMs, record });
    } else if (outcome.kind === "succeeded") {
      await finishDone(system, layout, active, receiptFor(attempt, outcome, nowMs));
    }
  } catch (error) {
    return giveBack(context, attempt, error);
  }
  tell(context, attempt, outcome, move, nowMs);
  const pause = move.to === "deferred" && move.pause !== null ? move.pause : null;
  return { move: move.to, pause: pause === null ? null : new SpooldError(pause.code, pause.facts) };
}

/** The outcome of an attempt whose worker has ended: publishing is part of the attempt. */
async function outcomeOf(context: DaemonContext, attempt: Attempt, end: WorkEnd): Promise<Outcome> {
  if (end.kind === "failed") return end;
  if (end.kind !== "prepared") {
    await sweepTemporaries(context, attempt);
    return end;
  }
  try {
    await requireExpected(context, attempt, end.outputs);
    await publish(context.system, end.outputs);
    const outputs = end.outputs.map(({ temporary: _published, ...output }) => output);
    return { kind: "succeeded", source: end.source, outputs };
  } catch (error) {
    return { kind: "failed", error: serializeError(error) };
  }
}

/** A hostile picture may have taken the worker over: only what the task itself asks for is published, wherever it says. */
async function requireExpected(
  context: DaemonContext,
  { active, task }: Attempt,
  outputs: readonly PreparedOutput[],
): Promise<void> {
  const paths = await outputPaths(context, task);
  const tag = attemptTag(context, active);
  const isExpected = ({ path, temporary }: PreparedOutput, index: number): boolean =>
    path === paths[index] && temporary === temporaryPath(path, tag, index);
  if (outputs.length !== paths.length || !outputs.every(isExpected)) {
    throw new SpooldError("PATH_OUTSIDE_ROOTS", { number: active.number, because: "not where the task says" });
  }
}

function outputPaths({ system, roots }: DaemonContext, task: Task): Promise<string[]> {
  return Promise.all(task.outputs.map(({ file }) => resolveOutput(system, file, roots, { create: false })));
}

/** Removes what an attempt that did not end by itself may have left beside its outputs. */
export async function sweepTemporaries(context: DaemonContext, { active, task }: Attempt): Promise<void> {
  const { system, log } = context;
  try {
    await removeTemporaries(system, await outputPaths(context, task), attemptTag(context, active));
  } catch (error) {
    // A path that cannot be resolved holds nothing of ours; anything else is litter, and the task goes on regardless.
    log.event("warn", "temporaries not swept", { ...taskFields({ ...active, ...task }), error: serializeError(error) });
  }
}

/** The spool has no room for a receipt or a reason: a rename needs none, so the task waits with its attempt given back. */
async function giveBack(context: DaemonContext, attempt: Attempt, error: unknown): Promise<Conclusion> {
  const { system, layout, log } = context;
  const pause = toSpooldError(error, "IO_ERROR", { spool: layout.root });
  if (pause.code !== "DISK_FULL" || (await hasReceipt(system, layout, attempt.active.number))) throw pause;
  await defer(system, layout, attempt.active, {
    attempt: attempt.active.attempt,
    dueAtMs: system.nowMs(),
    record: null,
  });
  log.event("warn", "task deferred", {
    ...taskFields({ ...attempt.active, ...attempt.task }),
    error: serializeError(pause),
  });
  return { move: "deferred", pause };
}

async function requireLock({ lock }: DaemonContext): Promise<void> {
  if (!(await lock.isHeld())) throw new SpooldError("LOCK_LOST", { generation: lock.owner.generation });
}

function recordOf({ active }: Attempt, outcome: Outcome, nowMs: number): AttemptRecord {
  if (outcome.kind === "succeeded" || outcome.kind === "interrupted") {
    throw new TypeError(`an attempt that ended as ${outcome.kind} leaves no record`);
  }
  return { attempt: active.attempt, outcome: outcome.kind, error: errorOf(outcome), endedAt: isoTime(nowMs) };
}

function reasonFor(
  { active, task }: Attempt,
  error: Reason["error"],
  attempts: readonly AttemptRecord[],
  nowMs: number,
): Reason {
  const { supplicant = null, summary = null } = task;
  return { number: active.number, supplicant, summary, error, attempts, endedAt: isoTime(nowMs) };
}

function receiptFor(attempt: Attempt, outcome: Extract<Outcome, { kind: "succeeded" }>, nowMs: number): Receipt {
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

function tell({ log }: DaemonContext, attempt: Attempt, outcome: Outcome, move: Move, nowMs: number): void {
  const about = taskFields({ ...attempt.active, ...attempt.task });
  const ms = Math.max(0, Math.round(nowMs - attempt.startedAtMs));
  if (move.to === "failed") return log.event("error", "task failed", { ...about, ms, error: move.error });
  if (move.to === "deferred") {
    const error = move.counted ?? move.pause;
    return log.event(error === null ? "info" : "warn", "task deferred", {
      ...about,
      ms,
      error,
      nextAttempt: move.attempt,
    });
  }
  if (outcome.kind !== "succeeded") return;
  const bytes = outcome.outputs.reduce((sum, output) => sum + output.bytes, 0);
  log.event("info", "task done", { ...about, ms, bytes, outputs: outcome.outputs.map(({ file }) => file) });
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
