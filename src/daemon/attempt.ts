import { join } from "node:path";
import { type ErrorCode, errnoOf, SpooldError, serializeError, toSpooldError } from "../errors.ts";
import { publish } from "../image/publish.ts";
import { taskFields } from "../log.ts";
import { readAttempts } from "../spool/attempts.ts";
import { findTask } from "../spool/find.ts";
import { defer, finishDone, finishFailed, hasReceipt } from "../spool/finish.ts";
import { forgetWord, marksOf } from "../spool/marks.ts";
import { ignoring, unlinkIfThere } from "../system.ts";
import { reasonName } from "../task/name.ts";
import type { Outcome } from "../task/outcome.ts";
import { decideMove, type Move } from "../task/transition.ts";
import { readResult } from "../worker/handlers/result.ts";
import type { DaemonContext } from "./context.ts";
import { requireEarlierWork } from "./freshness.ts";
import { requireExpected, sweepTemporaries } from "./outputs.ts";
import { type Attempt, isSuccess, reasonFor, receiptFor, recordOf } from "./records.ts";
import type { WorkEnd } from "./worker-process.ts";

/** What an attempt's end means for the daemon. */
export interface Conclusion {
  /** `taken`: a person has removed or moved the task's file from `active/` meanwhile; there is nothing left to move. */
  readonly move: Move["to"] | "taken";
  /** When a task that is deferred is due, ms since epoch; 0: at once. */
  readonly dueAtMs: number;
  /** Why nothing may be started for now, or null. */
  readonly pause: SpooldError | null;
  /** What the attempt failed with; null when it succeeded, or does not count. */
  readonly error: ErrorCode | null;
}

/**
 * Publishes what a worker has prepared, or cleans up after it, and moves the task to where its end leads.
 * The order is the guarantee: outputs renamed, receipt committed, task file unlinked.
 * @throws LOCK_LOST before anything is published or moved once the spool belongs to another daemon; IO_ERROR when the
 *   spool itself fails: the claim then stays, and the next start goes on from it
 */
export async function conclude(context: DaemonContext, attempt: Attempt, end: WorkEnd): Promise<Conclusion> {
  await requireLock(context);
  if (await isTakenAway(context, attempt)) {
    await sweepTemporaries(context, attempt);
    return TAKEN;
  }
  const outcome = await outcomeOf(context, attempt, end);
  await requireLock(context);
  return settle(context, attempt, outcome);
}

const TAKEN: Conclusion = { move: "taken", dueAtMs: 0, pause: null, error: null };

/** Moves a task to where an outcome leads, and tells the log. */
export async function settle(context: DaemonContext, attempt: Attempt, outcome: Outcome): Promise<Conclusion> {
  const { system, layout, settings } = context;
  const { active } = attempt;
  const earlier = active.attempt > 1 ? await readAttempts(system, layout, active.number) : [];
  const nowMs = system.nowMs();
  const end = { attempt: active.attempt, outcome, earlier, nowMs, random: system.random() };
  const move = decideMove(end, { ...settings, maxAttempts: attempt.task.maxAttempts ?? settings.maxAttempts });
  try {
    if (move.to === "failed") {
      const attempts = [...earlier, recordOf(attempt, outcome, nowMs)];
      await finishFailed(system, layout, active, reasonFor(attempt, move.error, attempts, nowMs));
    } else if (move.to === "deferred") {
      const record = move.counted === null ? null : recordOf(attempt, outcome, nowMs);
      await defer(system, layout, active, { attempt: move.attempt, dueAtMs: move.dueAtMs, record });
    } else if (isSuccess(outcome)) {
      await finishDone(system, layout, active, receiptFor(attempt, outcome, { nowMs, earlier }));
    }
  } catch (error) {
    if (errnoOf(error) === "ENOENT" && (await isTakenAway(context, attempt))) return TAKEN;
    return giveBack(context, attempt, error);
  }
  if (move.to !== "deferred") await forgetWord(system, layout, marksOf(attempt.task), active.number);
  tell(context, attempt, outcome, move, nowMs);
  const pause = move.to === "deferred" && move.pause !== null ? move.pause : null;
  const failure = move.to === "failed" ? move.error : move.to === "deferred" ? move.counted : null;
  return {
    move: move.to,
    dueAtMs: move.to === "deferred" ? move.dueAtMs : 0,
    pause: pause === null ? null : new SpooldError(pause.code, pause.facts),
    error: failure?.code ?? null,
  };
}

/** The outcome of an attempt whose worker has ended: publishing is part of the attempt. */
async function outcomeOf(context: DaemonContext, attempt: Attempt, end: WorkEnd): Promise<Outcome> {
  if (end.kind === "failed") return end;
  if (end.kind !== "prepared" && end.kind !== "handled" && end.kind !== "fresh") {
    await sweepTemporaries(context, attempt);
    return end;
  }
  try {
    if (end.kind === "fresh") return { kind: "fresh", ...(await requireEarlierWork(context, attempt)) };
    if (end.kind === "handled") return { kind: "handled", result: readResult(end.json) };
    await publish(context.system, await requireExpected(context, attempt, end.outputs));
    const outputs = end.outputs.map(({ temporary: _published, ...output }) => output);
    return { kind: "succeeded", source: end.source, outputs };
  } catch (error) {
    return { kind: "failed", error: serializeError(error) };
  }
}

/** Whether a person has moved or removed the file of a task that runs: then it is not ours any more. */
async function isTakenAway({ system, layout, log }: DaemonContext, attempt: Attempt): Promise<boolean> {
  const { active, task } = attempt;
  if ((await ignoring(["ENOENT"], system.fs.lstat(active.path))) !== undefined) return false;
  // Unless it lies there: then a move was done whose fsync has failed.
  if ((await findTask(system, layout, active.number))?.state !== "failed")
    await unlinkIfThere(system, join(layout.failed, reasonName(active.number)));
  log.event("warn", "task taken away", taskFields({ ...active, ...task }));
  return true;
}

/**
 * The spool has no room for a receipt or a reason: a rename needs none, so the task waits with its attempt given back.
 * Unless it has arrived at its end already, and only the fsync of that has failed.
 */
async function giveBack(context: DaemonContext, attempt: Attempt, error: unknown): Promise<Conclusion> {
  const { system, layout, log } = context;
  const pause = toSpooldError(error, "IO_ERROR", { spool: layout.root });
  if (pause.code !== "DISK_FULL" || (await hasReceipt(system, layout, attempt.active.number))) throw pause;
  const isThere = (await ignoring(["ENOENT"], system.fs.lstat(attempt.active.path))) !== undefined;
  if (!isThere) return { ...TAKEN, pause };
  await defer(system, layout, attempt.active, {
    attempt: attempt.active.attempt,
    dueAtMs: 0,
    record: null,
  });
  log.event("warn", "task deferred", {
    ...taskFields({ ...attempt.active, ...attempt.task }),
    error: serializeError(pause),
  });
  return { move: "deferred", dueAtMs: 0, pause, error: null };
}

async function requireLock({ lock }: DaemonContext): Promise<void> {
  if (!(await lock.isHeld())) throw new SpooldError("LOCK_LOST", { generation: lock.owner.generation });
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
  if (!isSuccess(outcome)) return;
  const outputs = outcome.kind === "handled" ? [] : outcome.outputs;
  const bytes = outputs.reduce((sum, output) => sum + output.bytes, 0);
  log.event("info", outcome.kind === "fresh" ? "task fresh" : "task done", {
    ...about,
    ms,
    bytes,
    outputs: outputs.map(({ file }) => file),
  });
}
