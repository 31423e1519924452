import { pausesDaemon, type SpooldError, toSpooldError } from "../errors.ts";
import { looksEmpty } from "../spool/waiting.ts";
import type { Backlog } from "./backlog.ts";
import type { Bell } from "./bell.ts";
import type { PauseByHand } from "./by-hand.ts";
import type { DaemonContext } from "./context.ts";
import type { Pause } from "./pause.ts";
import type { Pool } from "./pool.ts";
import type { Runner } from "./runner.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Wakeup } from "./wakeup.ts";

/** What the loop works with. */
export interface LoopParts {
  readonly backlog: Backlog;
  readonly bell: Bell;
  readonly pause: Pause;
  readonly byHand: PauseByHand;
  readonly pool: Pool;
  readonly runner: Runner;
  readonly scheduler: Scheduler;
  readonly wakeup: Wakeup;
  /** Told at each pass. */
  readonly turned: () => void;
}

/** `whenDone`: nothing is left that can be done now. `whenEmpty`: what lies in `tasks/` and cannot be done yet is waited for. */
export type Ends = "never" | "whenDone" | "whenEmpty";

/** What may be asked of the loop from outside; each change is followed by a ring of the wakeup. */
export interface LoopState {
  /** Start nothing more; end when what runs has ended. */
  stopping: boolean;
  /** Why going on would break a promise. */
  fatal: SpooldError | null;
  /** Something has come into `tasks/` or `deferred/` since the last look, or may have. */
  rang: boolean;
}

/** With no more names than this in `tasks/` the bell is armed: a change then costs it a listing of few. */
const NEARLY_IDLE = 64;
/** With more than this it is disarmed, and the timed look does its work. */
const BUSY = 256;
/** Between looks while the bell is not armed. */
const BUSY_LOOK_MS = 1_000;
/** Between looks when the window is empty and more lies beyond it. */
const DRY_LOOK_MS = 50;
/** A look at a huge directory takes long; while there is work, timed ones may take this part of the time at most. */
const LOOK_SHARE = 0.05;

/**
 * Looks at the spool, starts what can be started, sleeps until something rings or a look is due.
 * Ends when told to stop, when something fatal happens, or when `ends` says.
 */
export async function runLoop(context: DaemonContext, parts: LoopParts, state: LoopState, ends: Ends): Promise<void> {
  const { settings, system } = context;
  const { backlog, bell, pause, byHand, pool, runner, scheduler, wakeup } = parts;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let lookTookMs = 0;
  let armed = false;

  for (;;) {
    parts.turned();
    if (state.fatal !== null) return;
    if (state.stopping) {
      pool.giveBack();
      // What only waits for the disk goes on at the next start: its claim lies in active/.
      if (runner.running().length <= runner.stranded()) return;
      await wakeup.wait(settings.rescanMs);
      continue;
    }
    if (pause.remainingMs() <= 0) await tryTurn();
    if (ends !== "never" && isAtEnd() && (await isStillAtEnd())) return;
    await wakeup.wait(sleepMs());
  }

  async function tryTurn(): Promise<void> {
    try {
      await runner.retryStranded();
      if (isLookDue()) await look();
      else if (backlog.nextDueMs() <= 0) await lookAtDeferred();
      // Also while the spool is paused by hand: then nothing is started, but what comes in waits.
      if (await scheduler.tend()) state.rang = true;
      await startAll();
      if (ends !== "whenDone") await tendBell();
    } catch (error) {
      // What had left the window for a start that failed is found again by a look.
      state.rang = true;
      const known = toSpooldError(error, "IO_ERROR", { spool: context.layout.root });
      if (pausesDaemon(known.code)) pause.begin(known);
      else state.fatal = known;
    }
  }

  async function look(): Promise<void> {
    // Cleared first: what rings during the look is looked at again.
    state.rang = false;
    lookedAtMs = system.monotonicMs();
    const looked = runner.looking();
    await backlog.look();
    looked();
    await runner.giveUpTaken();
    await scheduler.look();
    lookTookMs = system.monotonicMs() - lookedAtMs;
  }

  async function lookAtDeferred(): Promise<void> {
    const looked = runner.looking();
    await backlog.lookAtDeferred();
    looked();
  }

  async function startAll(): Promise<void> {
    let room = pool.room();
    while (hasRoom() && !state.stopping && state.fatal === null && pause.remainingMs() <= 0) {
      if (await byHand.look()) return;
      const candidate = await backlog.next(runner.held());
      if (candidate === undefined) return;
      await runner.start(candidate);
      room -= 1;
      // Tasks that end as soon as they start would leave room for ever.
      if (room <= 0 && (isLookDue() || backlog.nextDueMs() <= 0)) return;
    }
  }

  /** While the machine may be at fault still, one task at a time is tried. */
  function hasRoom(): boolean {
    return pause.because() === null ? pool.room() > 0 : runner.running().length === 0 && pool.room() > 0;
  }

  /** Armed before it is relied on: after it hears, the spool is looked at once more. */
  async function tendBell(): Promise<void> {
    // It lists and watches each of them, whatever they are.
    const names = backlog.waiting() + backlog.others();
    if (!armed && names <= NEARLY_IDLE && !bell.isPolling()) {
      armed = true;
      void bell.arm().then(() => {
        state.rang = true;
        wakeup.ring();
      });
    } else if (armed && names > BUSY) {
      armed = false;
      await bell.disarm();
    }
  }

  function isLookDue(): boolean {
    return state.rang || untilLookMs() <= 0;
  }

  function untilLookMs(): number {
    const timed = armed && !bell.isPolling() ? settings.rescanMs : Math.min(settings.rescanMs, BUSY_LOOK_MS);
    const gap = backlog.hasRunDry() ? DRY_LOOK_MS : Math.max(timed, lookTookMs / LOOK_SHARE);
    return Math.min(lookedAtMs + gap - system.monotonicMs(), Math.max(backlog.nextLookMs(), 0));
  }

  function sleepMs(): number {
    if (pause.remainingMs() > 0) return pause.remainingMs();
    return state.rang ? 0 : Math.max(Math.min(untilLookMs(), backlog.nextDueMs(), scheduler.nextMs()), 0);
  }

  /** What came in while the last tasks ran has not been looked at yet. */
  async function isStillAtEnd(): Promise<boolean> {
    if (isHeldBack()) return true;
    state.rang = true;
    await tryTurn();
    return isAtEnd() && (ends === "whenDone" || (await looksEmpty(system, context.layout)));
  }

  function isAtEnd(): boolean {
    if (runner.running().length > runner.stranded()) return false;
    // Held back by the machine counts as the end of a run that nobody may come to mend.
    if (isHeldBack()) return ends === "whenDone";
    if (scheduler.isSettling()) return false;
    return backlog.waiting() === backlog.chained() && backlog.retrying() === 0 && !state.rang;
  }

  function isHeldBack(): boolean {
    return pause.because() !== null || byHand.reason() !== undefined;
  }
}
