import { resolve } from "node:path";
import { pausesDaemon, SpooldError, toSpooldError } from "../errors.ts";
import { limitsOf } from "../image/limits.ts";
import { taskFields } from "../log.ts";
import type { BegunMarks } from "../spool/begun.ts";
import { claim } from "../spool/claim.ts";
import { dropEnded, hasReceipt, isSpent } from "../spool/finish.ts";
import { forgetWord, marksOf } from "../spool/marks.ts";
import { ignoring } from "../system.ts";
import { handlerOf } from "../task/task.ts";
import { type Conclusion, conclude, settle } from "./attempt.ts";
import type { Breaker } from "./breaker.ts";
import type { Candidate } from "./candidates.ts";
import type { DaemonContext } from "./context.ts";
import { withEarlierWork } from "./freshness.ts";
import { createHearing, type Hearing } from "./hearing.ts";
import type { Holder } from "./order.ts";
import { attemptTag } from "./outputs.ts";
import type { Pause } from "./pause.ts";
import type { Pool, Work } from "./pool.ts";
import type { Attempt } from "./records.ts";
import { EVERYTHING, type Touches } from "./touches.ts";
import type { WorkEnd } from "./worker-process.ts";

/** The tasks under way: claims them, gives them to workers, and sees them to their end. */
export interface Runner {
  /** Claims a task and lets it run as soon as a worker is free. @throws LOCK_LOST, or what the spool's file system reports */
  start(candidate: Candidate): Promise<void>;
  /** Tries again to move tasks whose end could not be written down when the disk was full or read-only. */
  retryStranded(): Promise<void>;
  running(): readonly Running[];
  /** How many of those are not at work but wait for the disk. */
  stranded(): number;
  /** What tasks hold that run, or that have gone to `deferred/` since the last look at it. */
  held(): readonly Holder[];
  /** Remembers which tasks a look that begins now will see in `deferred/`; to be called once more when it is over. */
  looking(): () => void;
  /** Gives up the attempts whose files a person has taken out of `active/`. */
  giveUpTaken(): Promise<void>;
  /** How many attempts ended as failed tasks since the start. */
  failed(): number;
}

interface Running {
  readonly attempt: Attempt;
  readonly touches: Touches;
  /** Whether a worker has been given it. */
  readonly hasBegun: boolean;
  /** How far the worker says that it is. */
  readonly progress: Hearing["progress"];
}

export interface RunnerEvents {
  /** An attempt has ended, or was given up: a worker is free. */
  readonly ended: (conclusion: Pick<Conclusion, "move" | "dueAtMs"> | null) => void;
  /** How an attempt ended. */
  readonly concluded: (move: Conclusion["move"]) => void;
  /** Going on would break a promise. */
  readonly fatal: (error: SpooldError) => void;
}

/** What the runner works with. */
export interface RunnerParts {
  readonly pool: Pool;
  readonly pause: Pause;
  readonly breaker: Breaker;
  readonly marks: BegunMarks;
}

export function openRunner(
  context: DaemonContext,
  { pool, pause, breaker, marks }: RunnerParts,
  events: RunnerEvents,
): Runner {
  const { system, layout, settings, roots, spool, log } = context;
  const running = new Map<number, Running>();
  /** Numbers of tasks that were in a worker when another task took it down. */
  const suspects = new Set<number>();
  const stranded = new Set<Attempt>();
  /** What tasks hold that have gone to `deferred/`, where nobody has looked since. */
  const deferred = new Set<Holder>();
  let failed = 0;

  return {
    async start(candidate) {
      const { entry, task, touches, fingerprint } = candidate;
      // A second file of the same number: a later look sees that the number is spent, and gives it one of its own.
      if (running.has(entry.number) || (await isSpent(context, entry.number))) return;
      if (!(await context.lock.isHeld()))
        throw new SpooldError("LOCK_LOST", { generation: context.lock.owner.generation });
      // A copy of a task may have come by hand under a number that was never given: nobody may get it from now on.
      await context.sequence.raiseTo(entry.number);
      const active = await claim(system, layout, entry, fingerprint);
      if (active === undefined) return;
      const attempt = { active, task, startedAtMs: system.nowMs() };
      running.set(entry.number, { attempt, touches, hasBegun: false, progress: () => null });
      void seeThrough(attempt, candidate);
    },
    async retryStranded() {
      for (const attempt of stranded) {
        const { active } = attempt;
        const { number } = active;
        let ended: Conclusion | null = null;
        if (await hasReceipt(system, layout, number)) {
          await dropEnded(system, layout, active);
          await forgetWord(system, layout, marksOf(attempt.task), number);
          log.event("info", "receipt found", { number });
          events.concluded("done");
          // Nothing may be left whose end would tell that the machine is mended.
          pause.end();
        } else {
          ended = await settle(context, attempt, { kind: "interrupted" });
          if (ended.move === "deferred") deferred.add({ number, touches: running.get(number)?.touches ?? EVERYTHING });
        }
        stranded.delete(attempt);
        running.delete(number);
        events.ended(ended);
      }
    },
    running: () => [...running.values()],
    held: () => [...[...running].map(([number, { touches }]) => ({ number, touches })), ...deferred],
    looking() {
      const before = [...deferred];
      return () => {
        for (const holder of before) deferred.delete(holder);
      };
    },
    async giveUpTaken() {
      for (const { attempt } of running.values()) {
        const { path, number, attempt: count } = attempt.active;
        if ((await ignoring(["ENOENT"], system.fs.lstat(path))) === undefined) pool.abandon({ number, attempt: count });
      }
    },
    stranded: () => stranded.size,
    failed: () => failed,
  };

  /** Never rejects. */
  async function seeThrough(claimed: Attempt, { touches, refused }: Candidate): Promise<void> {
    const { number } = claimed.active;
    let attempt = claimed;
    let ended: Conclusion | null = null;
    let marked = Promise.resolve();
    const about = taskFields({ ...claimed.active, ...claimed.task });
    const hearing = createHearing(context, { ...about, handler: handlerOf(claimed.task) });
    const begun = (place: number): void => {
      attempt = { ...attempt, startedAtMs: system.nowMs() };
      running.set(number, { attempt, touches, hasBegun: true, progress: hearing.progress });
      // Without its mark a daemon that dies now forgives the task one crash; no reason to stop the work.
      const mark = marks.mark(place, claimed.active).catch(() => undefined);
      marked = mark.then(() => log.event("debug", "task started", about));
    };
    try {
      attempt = await withEarlierWork(context, attempt);
      const end: WorkEnd =
        refused === undefined
          ? await pool.run({ ...workOf(attempt), begun, told: hearing.hear })
          : { kind: "failed", error: refused.toJSON() };
      // The log tells of the start first.
      await marked;
      if (end.kind === "interrupted" && end.beside) suspects.add(number);
      else suspects.delete(number);
      const conclusion = await conclude(context, attempt, end);
      ended = conclusion;
      if (conclusion.move === "failed") failed += 1;
      if (conclusion.move === "deferred") deferred.add({ number, touches });
      events.concluded(conclusion.move);
      // What was refused has not been tried: it says nothing of the machine.
      hearOf(refused === undefined ? conclusion : { ...conclusion, error: null });
      running.delete(number);
    } catch (error) {
      const known = toSpooldError(error, "IO_ERROR", { number });
      if (pausesDaemon(known.code)) {
        // Its claim cannot be moved now: it stays ours, and keeps its files busy, until it can.
        stranded.add(attempt);
        pause.begin(known);
      } else {
        running.delete(number);
        events.fatal(known);
      }
    }
    events.ended(ended);
  }

  function hearOf({ move, pause: because, error }: Conclusion): void {
    const alike = move === "done" || error !== null ? breaker.note(error) : null;
    const trouble = because ?? alike;
    // Another error than the one that paused it: the machine is as it should be, this task is not.
    const isMended = move === "done" || (error !== null && pause.because()?.code === "FAILURES_ALIKE");
    if (trouble === null) return isMended ? pause.end() : undefined;
    pause.begin(trouble);
    // What only waits for a worker would meet the same trouble.
    pool.giveBack();
  }

  function workOf({ active, task, earlierWork }: Attempt): Pick<Work, "request" | "alone"> {
    const { number, attempt } = active;
    const handlers = settings.handlers === null ? layout.handlers : resolve(settings.handlers);
    const place = { roots, spool, handlers, tag: attemptTag(context, active), ...(earlierWork && { earlierWork }) };
    const timeoutMs = task.timeoutMs ?? settings.timeoutMs;
    const request = { kind: "run" as const, number, attempt, task, ...place, limits: limitsOf(settings), timeoutMs };
    // What has failed before, or went down with another, may be what takes workers down: it shall take nobody along.
    const alone = attempt > 1 || suspects.has(number);
    return { request, alone };
  }
}
