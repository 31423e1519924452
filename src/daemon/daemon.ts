import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { Settings } from "../config.ts";
import { deserializeError, ERRORS, SpooldError, serializeError, toSpooldError } from "../errors.ts";
import { resolveRoots } from "../image/paths.ts";
import type { Log } from "../log.ts";
import { createBegunMarks } from "../spool/begun.ts";
import { openCommitter } from "../spool/commit.ts";
import type { DaemonStatus } from "../spool/control.ts";
import { acquireDaemonLock, type DaemonLock } from "../spool/daemon-lock.ts";
import { checkSpool, createSpool, type Layout, layoutOf } from "../spool/layout.ts";
import { openPruned } from "../spool/pruned.ts";
import { openSequence } from "../spool/sequence.ts";
import { ignoring, type System } from "../system.ts";
import { openBacklog } from "./backlog.ts";
import { openTasksBell } from "./bell.ts";
import { createBreaker } from "./breaker.ts";
import { openPauseByHand, type PauseByHand } from "./by-hand.ts";
import type { DaemonContext } from "./context.ts";
import { openControlServer } from "./control-server.ts";
import { type HoldEnd, holdAgain } from "./hold-again.ts";
import { type LoopState, runLoop } from "./loop.ts";
import { createPause, type Pause } from "./pause.ts";
import { openPool, type Pool } from "./pool.ts";
import { openPruning } from "./pruning.ts";
import { resume } from "./resume.ts";
import { openRunner, type RunnerEvents } from "./runner.ts";
import { openScheduler } from "./scheduler.ts";
import { listenForSignals } from "./signals.ts";
import { createTally } from "./tally.ts";
import { createWakeup, type Wakeup } from "./wakeup.ts";

export interface DaemonOptions {
  readonly spoolDir: string;
  readonly settings: Settings;
  /** End when nothing is left to do. */
  readonly once: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly system: System;
  readonly log: Log;
  /** Called once the spool is owned, with the way to ask how far the work has come. */
  readonly started?: (progress: () => DrainProgress) => void;
}

/** How far the work has come since the start. */
export interface DrainProgress {
  readonly done: number;
  readonly failed: number;
  /** How many were seen that have not ended. */
  readonly left: number;
}

/** Deaths of workers at their start, in a row, after which a `--once` run gives up. */
const MAX_DEATHS_ONCE = 5;

/**
 * Owns a spool and runs its tasks until told to stop.
 * @returns the exit code: 0; 1 when a `--once` run met a task that failed or a drop that was rejected
 * @throws SPOOL_LOCKED, LOCK_LOST, SPOOL_SPLIT, SPOOL_UNSAFE, CONFIG_INVALID, WORKER_UNUSABLE, DISK_FULL, IO_ERROR …
 */
export async function runDaemon(options: DaemonOptions): Promise<number> {
  const { settings, system, log } = options;
  const layout = layoutOf(options.spoolDir);
  const state: LoopState = { stopping: false, fatal: null, rang: false };
  const wakeup = createWakeup();
  let killWorkers = (): void => undefined;
  const fail = (error: SpooldError): void => {
    state.fatal ??= error;
    killWorkers();
    wakeup.ring();
  };
  const drain = (): void => {
    state.stopping = true;
    log.event("info", "daemon stopping");
    wakeup.ring();
  };
  const stopListening = listenForSignals({ drain, stopNow: () => killWorkers(), reopen: () => log.reopen() });
  try {
    const roots = await resolveRoots(system, settings.roots);
    await createSpool(system, layout);
    await checkSpool(system, layout);
    // A clean-up by hand of empty directories takes it along.
    await ignoring(["EEXIST"], system.fs.mkdir(layout.attempts, { mode: 0o700 }));
    return await holdAgain({ system, layout, log }, async () => {
      const lock = await acquireDaemonLock(system, layout, () => fail(new SpooldError("LOCK_LOST")));
      const context = await contextOf(options, layout, roots, lock);
      const pool = openWorkers(context, options, { fail, wakeup });
      killWorkers = () => pool.killAll();
      try {
        return await own(context, { pool, lock, wakeup, state, fail, drain }, options);
      } finally {
        await pool.close();
        await lock.release();
      }
    });
  } finally {
    stopListening();
  }
}

interface Owned {
  readonly pool: Pool;
  readonly lock: DaemonLock;
  readonly wakeup: Wakeup;
  readonly state: LoopState;
  readonly fail: (error: SpooldError) => void;
  readonly drain: () => void;
}

/** From the moment at which the spool is ours until nothing of it is under way. */
async function own(context: DaemonContext, owned: Owned, { once, started }: DaemonOptions): Promise<HoldEnd> {
  const { pool, lock, wakeup, state, fail, drain } = owned;
  const { system, layout, settings, log } = context;
  const pause = createPause(system.monotonicMs, log);
  const backlog = openBacklog(context);
  const marks = createBegunMarks(system, layout);
  const ended = (waits: boolean): void => {
    backlog.ended();
    if (waits) state.rang = true;
    wakeup.ring();
  };
  const breaker = createBreaker(settings.maxAlike);
  const byHand = openPauseByHand(context);
  const pruning = openPruning(context, () => state.stopping || state.fatal !== null);
  const scheduler = openScheduler(context);
  const tally = createTally(system.monotonicMs);
  const concluded: RunnerEvents["concluded"] = (move) => (move === "done" || move === "failed") && tally.note(move);
  const runner = openRunner(context, { pool, pause, breaker, marks }, { ended, concluded, fatal: fail });
  const giveUpTaken = (): void => void runner.giveUpTaken().catch(() => undefined);
  const ring = (): void => {
    state.rang = true;
    wakeup.ring();
  };
  const look = (): void => {
    ring();
    giveUpTaken();
  };
  const bell = await openTasksBell(context, ring);
  const status = (): DaemonStatus => ({
    pid: lock.owner.pid,
    since: lock.owner.since,
    concurrency: settings.concurrency,
    workersReady: pool.ready(),
    running: runner
      .running()
      .filter(({ hasBegun }) => hasBegun)
      .map(({ attempt: { active, task, startedAtMs }, progress }) => ({
        number: active.number,
        attempt: active.attempt,
        summary: task.summary ?? null,
        forMs: Math.max(0, Math.round(system.nowMs() - startedAtMs)),
        progress: progress(),
      })),
    rate: tally.rate(),
    stopping: state.stopping,
    paused: pausedBecause(byHand, pause, pool),
    ...scheduler.view(),
  });
  const control = await openControlServer(system, layout, ({ ask }) => {
    if (ask === "stop" && !state.stopping) drain();
    if (ask === "resume") breaker.reset();
    if (ask === "resume") pause.end();
    if (ask === "resume" || ask === "look") look();
    return status();
  });
  // Hints only: what they miss is seen at the next look.
  const watched = [basename(layout.pauseFile), basename(layout.scheduleFile)];
  const stopWatching = [
    system.watchDirectory(layout.root, (name) => name !== null && watched.includes(name) && look()),
    system.watchDirectory(layout.active, giveUpTaken),
  ];
  log.event("info", "daemon started", {
    spool: layout.root,
    roots: context.roots,
    concurrency: settings.concurrency,
    once,
  });
  let failedAtStart = 0;
  try {
    failedAtStart = await resume(context);
    pruning.start();
    tally.note("failed", failedAtStart);
    started?.(() => ({
      done: tally.done(),
      failed: tally.failed(),
      left: backlog.waiting() + backlog.retrying() + runner.running().length,
    }));
    await runLoop(context, { backlog, bell, pause, byHand, pool, runner, scheduler, wakeup }, state, once);
    while (runner.running().length > runner.stranded()) await wakeup.wait(settings.rescanMs);
    await pruning.finish();
  } finally {
    for (const stop of stopWatching) stop();
    await pruning.stop();
    await bell.disarm();
    await control?.close();
    await marks.close();
  }
  const failed = failedAtStart + runner.failed();
  const fatal = state.fatal ?? (once ? (pause.because() ?? pausedError(byHand)) : null);
  if (fatal !== null) throw fatal;
  log.event("info", "daemon stopped", { failed, rejected: backlog.rejected(), unreadable: backlog.unreadable() });
  const isClean = failed + backlog.rejected() + backlog.unreadable() + scheduler.faults() === 0;
  return { exitCode: once && !isClean ? 1 : 0, seen: once && !state.stopping ? backlog.seen() : null };
}

function pausedBecause(byHand: PauseByHand, pause: Pause, pool: Pool): string | null {
  const error = pausedError(byHand) ?? pause.because();
  return error?.message ?? (pool.isBroken() ? ERRORS.WORKER_UNUSABLE.message : null);
}

function pausedError(byHand: PauseByHand): SpooldError | null {
  const reason = byHand.reason();
  return reason === undefined ? null : new SpooldError("SPOOL_PAUSED", reason === "" ? {} : { reason });
}

async function contextOf(
  { settings, system, log }: DaemonOptions,
  layout: Layout,
  roots: readonly string[],
  lock: DaemonLock,
): Promise<DaemonContext> {
  const sequence = openSequence(system, layout);
  const committer = openCommitter(system, layout, sequence);
  const { dev, ino } = await system.fs.lstat(layout.root);
  const spoolTag = createHash("sha256").update(`${dev}:${ino}`).digest("hex").slice(0, 8);
  const spool = await system.fs.realpath(layout.root);
  const pruned = openPruned(system, layout);
  return { system, layout, settings, roots, spool, log, lock, committer, sequence, pruned, spoolTag };
}

function openWorkers(
  { settings, system, log }: DaemonContext,
  { env, once }: DaemonOptions,
  { fail, wakeup }: Pick<Owned, "fail" | "wakeup">,
): Pool {
  return openPool(
    { ...settings, size: settings.concurrency, env, system },
    {
      free: () => wakeup.ring(),
      unusable: (error) => fail(deserializeError(error)),
      spent: (error) => log.event("warn", "handler went astray", { error }),
      diedAtStart: (facts) => {
        log.event("error", "worker died at start", facts);
        if (once && facts.tries >= MAX_DEATHS_ONCE) fail(new SpooldError("WORKER_UNUSABLE", facts));
      },
      mended: () => log.event("info", "workers start again"),
    },
  );
}

/** For the caller that prints it: the error that ended a daemon, with a code of its own whatever it was. */
export function endingError(error: unknown, { log, once }: Pick<DaemonOptions, "log" | "once">): SpooldError {
  const known = toSpooldError(error);
  // Of several that are started at once for what waits, one does the work, and that is as it should be.
  const level = once && known.code === "SPOOL_LOCKED" ? "info" : "error";
  log.event(level, "daemon ended", { error: serializeError(known) });
  return known;
}
