import { basename } from "node:path";
import { ERRORS, SpooldError } from "../errors.ts";
import { createBegunMarks } from "../spool/begun.ts";
import type { DaemonStatus } from "../spool/control.ts";
import type { DaemonLock } from "../spool/daemon-lock.ts";
import { openBacklog } from "./backlog.ts";
import { openTasksBell } from "./bell.ts";
import { createBreaker } from "./breaker.ts";
import { openPauseByHand, type PauseByHand } from "./by-hand.ts";
import type { DaemonContext } from "./context.ts";
import { openControlServer } from "./control-server.ts";
import type { DaemonOptions } from "./daemon-options.ts";
import type { HoldEnd } from "./hold-again.ts";
import { type Ends, type LoopState, runLoop } from "./loop.ts";
import { createPause, type Pause } from "./pause.ts";
import type { Pool } from "./pool.ts";
import { openPruning } from "./pruning.ts";
import { resume } from "./resume.ts";
import { openRunner, type RunnerEvents } from "./runner.ts";
import { openScheduler } from "./scheduler.ts";
import type { Systemd } from "./systemd.ts";
import { createTally } from "./tally.ts";
import type { Wakeup } from "./wakeup.ts";

/** What a daemon has from the moment at which the spool is its own. */
export interface Owned {
  readonly pool: Pool;
  readonly lock: DaemonLock;
  readonly wakeup: Wakeup;
  readonly state: LoopState;
  readonly systemd: Systemd;
  readonly fail: (error: SpooldError) => void;
  readonly drain: () => void;
}

/** From the moment at which the spool is ours until nothing of it is under way. */
export async function own(context: DaemonContext, owned: Owned, options: DaemonOptions): Promise<HoldEnd> {
  const { pool, lock, wakeup, state, systemd, fail, drain } = owned;
  const ends = endsOf(options);
  const once = ends === "whenDone";
  const { system, layout, settings, log } = context;
  const pause = createPause(system.monotonicMs, log);
  const backlog = openBacklog(context);
  const marks = createBegunMarks(system, layout);
  const ended: RunnerEvents["ended"] = (conclusion) => {
    backlog.ended();
    if (conclusion?.move === "deferred") backlog.deferred(conclusion.dueAtMs);
    // It may lie in tasks/ again, where it was passed over as long as it ran.
    if (conclusion?.move === "taken") state.rang = true;
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
    if (ask === "resume") {
      breaker.reset();
      pause.end();
    }
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
  systemd.ready();
  const turned = (): void =>
    systemd.turned(() => status().paused ?? `${runner.running().length} running, ${backlog.waiting()} waiting`);
  let failedAtStart = 0;
  try {
    failedAtStart = await resume(context);
    pruning.start();
    tally.note("failed", failedAtStart);
    options.started?.(() => ({
      done: tally.done(),
      failed: tally.failed(),
      left: backlog.waiting() + backlog.retrying() + runner.running().length,
    }));
    await runLoop(context, { backlog, bell, pause, byHand, pool, runner, scheduler, wakeup, turned }, state, ends);
    while (runner.running().length > runner.stranded()) await wakeup.wait(settings.rescanMs);
    await pruning.finish();
    await context.committer.tidy();
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
  return { exitCode: once && !isClean ? 1 : 0, seen: ends !== "never" && !state.stopping ? backlog.seen() : null };
}

function endsOf({ once, untilEmpty = false }: DaemonOptions): Ends {
  return once ? "whenDone" : untilEmpty ? "whenEmpty" : "never";
}

function pausedBecause(byHand: PauseByHand, pause: Pause, pool: Pool): string | null {
  const error = pausedError(byHand) ?? pause.because();
  return error?.message ?? (pool.isBroken() ? ERRORS.WORKER_UNUSABLE.message : null);
}

function pausedError(byHand: PauseByHand): SpooldError | null {
  const reason = byHand.reason();
  return reason === undefined ? null : new SpooldError("SPOOL_PAUSED", reason === "" ? {} : { reason });
}
