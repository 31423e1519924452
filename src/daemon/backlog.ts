import { SpooldError } from "../errors.ts";
import { scanDeferred } from "../spool/deferred.ts";
import { hasBegun, placeOf, type TaskEntry } from "../spool/entries.ts";
import { scanTasks } from "../spool/scan.ts";
import { compareEntries } from "../task/name.ts";
import type { Task } from "../task/task.ts";
import { createArrivals } from "./arrivals.ts";
import { type Candidate, openCandidates } from "./candidates.ts";
import { openChains, type Readiness } from "./chains.ts";
import type { DaemonContext } from "./context.ts";
import { openDrops } from "./drops.ts";
import { busyWith, type Holder, type Turns, takeTurns } from "./order.ts";
import { createBusy, EVERYTHING, NOTHING } from "./touches.ts";

/** What waits, as the last look at the spool showed it. Directories are the truth; this is a window on them. */
export interface Backlog {
  /** Looks at the directories anew, and takes in drops that have settled. */
  look(): Promise<void>;
  /** Looks at `deferred/` alone, which is small: what is due there joins those that wait. */
  lookAtDeferred(): Promise<void>;
  /** The next task to start: the first in order that nothing is in the way of. It leaves the window. */
  next(running: readonly Holder[]): Promise<Candidate | undefined>;
  /** A task has ended: others may have waited for it. */
  ended(): void;
  /** A task has gone to `deferred/`: there is nothing to see before it is due. @param dueAtMs ms since epoch */
  deferred(dueAtMs: number): void;
  /** How many tasks and settling drops the last look saw and nobody has taken since. */
  waiting(): number;
  /** How many names lie in `tasks/` beside those, as of the last look: nothing is to be done about them. */
  others(): number;
  /** How many of those that wait cannot start before another task has ended, as of the last time that one was asked for. */
  chained(): number;
  /** What the last look saw, as `state/name`, whether it can run or not. */
  seen(): ReadonlySet<string>;
  /** How many tasks wait in `deferred/` for another attempt. */
  retrying(): number;
  /** Whether the window has run out while more waits beyond it. */
  hasRunDry(): boolean;
  /** In how many ms another look may find something that needs no bell: a settled drop. */
  nextLookMs(): number;
  /** In how many ms a look at `deferred/` will find something that is due; Infinity when nothing waits there. */
  nextDueMs(): number;
  rejected(): number;
  /** How many files with a task's name could not be read when last looked at: they are left where they are. */
  unreadable(): number;
}

/** Entries kept of a look at least: so many that looks at a huge directory stay rare, so few that memory stays small. */
const WINDOW = 8_192;
/** How far ahead a task may overtake others that wait for files in use. */
const MAX_BLOCKED = 64;

/** The part of the time that looks may take while there is work. */
const LOOK_SHARE = 0.05;

/** Tasks that are read at a look, before their turn. */
const READ_AHEAD = 64;

/** @param leastKept how many entries of a look are kept at least; smaller in tests */
export function openBacklog(context: DaemonContext, leastKept = WINDOW): Backlog {
  const { system, layout, settings } = context;
  const drops = openDrops(context);
  const chains = openChains(system, layout);
  const candidates = openCandidates(context, drops, (dueAtMs) => {
    nextDueAtMs = Math.min(nextDueAtMs, dueAtMs);
  });
  let window: TaskEntry[] = [];
  /** Those of the window of which an attempt was made. */
  let begun: TaskEntry[] = [];
  /** Numbers of tasks that the last look saw and nobody has taken since. */
  let present = new Set<number>();
  /** What the last look saw in `tasks/`, and what the last look at `deferred/` saw there that is due. */
  const seen = { tasks: [] as readonly string[], due: [] as readonly string[] };
  /** What tasks hold that have begun and are not due. */
  let later = { busy: createBusy(), numbers: [] as readonly number[] };
  let retrying = 0;
  /** What was not kept can wait for what was: of those that cannot start, more are kept at the next look. */
  let kept = leastKept;
  let chained = 0;
  let beyond = 0;
  let others = 0;
  /** Whether tasks have begun and are due that were not kept. */
  let isDueCut = false;
  const arrivals = createArrivals();
  /** How many lie in `tasks/` that the last look did not put into the window, though there was room. */
  let unseen = 0;
  /** When a look at those that are not in the window takes no more than its part of the time. */
  let lookForUnseenMs = 0;
  let nextDueAtMs = Number.POSITIVE_INFINITY;
  /** The earliest of those that have gone to `deferred/` since the last look of either kind began. */
  let dueSinceLookMs = Number.POSITIVE_INFINITY;

  return {
    async look() {
      const beganMs = system.monotonicMs();
      const unreadable = new Set(candidates.unreadable());
      candidates.lookAgain();
      dueSinceLookMs = Number.POSITIVE_INFINITY;
      forgetChains();
      const tasks = await scanTasks(system, layout, kept);
      // One of those that come next may be no task of ours: it begins to settle now, not when its turn has come.
      for (const entry of tasks.entries.slice(0, READ_AHEAD))
        if (!drops.has(entry.file)) await candidates.inspect(entry);
      const whole = tasks.entries.filter(({ file }) => !drops.has(file));
      const takenIn = await drops.tend(tasks);
      seen.tasks = [...tasks.drops.map((file) => `tasks/${file}`), ...tasks.entries.map(placeOf)];
      const numbers = whole.map(({ number }) => number);
      const isCertain = arrivals.listed(numbers, tasks.highest);
      const waiting = whole.filter(({ number }) => isCertain(number));
      // What was taken in is not in the window: no bell may tell of it.
      unseen = whole.length - waiting.length + takenIn;
      lookForUnseenMs = beganMs + (system.monotonicMs() - beganMs) / LOOK_SHARE;
      others = tasks.others;
      beyond = tasks.total - tasks.entries.length - tasks.drops.length + unseen;
      present = new Set(whole.filter(({ file }) => !unreadable.has(file)).map(({ number }) => number));
      const deferred = await seeDeferred(waiting);
      candidates.keepOnly([...waiting, ...deferred]);
    },
    async lookAtDeferred() {
      dueSinceLookMs = Number.POSITIVE_INFINITY;
      await seeDeferred(window.filter(({ state }) => state === "tasks"));
    },
    async next(running) {
      const holders = await candidates.holdersOf(begun);
      const due = isDueCut ? [...holders, { number: 0, touches: EVERYTHING }] : holders;
      const turns = takeTurns({ running, later, due });
      const underWay = new Set(running.map(({ number }) => number));
      const isWaiting = (number: number): boolean => present.has(number) || underWay.has(number);
      chained = 0;
      let begunAhead = begun.length;
      for (let index = 0, blocked = 0; index < window.length; ) {
        const entry = window[index] as TaskEntry;
        // What has begun waits for none of those that are blocked, and they may be blocked by it.
        if (blocked >= MAX_BLOCKED) {
          if (begunAhead === 0) break;
          if (!hasBegun(entry)) {
            index += 1;
            continue;
          }
        }
        if (hasBegun(entry)) begunAhead -= 1;
        const found = await take(entry, turns, isWaiting);
        if (found === "blocked") blocked += 1;
        if (found === "chained") chained += 1;
        if (found === "blocked" || found === "chained") {
          index += 1;
          continue;
        }
        window.splice(index, 1);
        if (hasBegun(entry)) begun = begun.filter((other) => other !== entry);
        present.delete(entry.number);
        candidates.forget(entry);
        if (found !== "gone") return found;
      }
      kept = Math.max(leastKept, 2 * chained);
      return undefined;
    },
    ended: forgetChains,
    deferred(dueAtMs) {
      retrying += 1;
      // Whether a look that is under way sees it or not, the runner holds its files until one that begins later is over.
      dueSinceLookMs = Math.min(dueSinceLookMs, dueAtMs);
      nextDueAtMs = Math.min(nextDueAtMs, dueAtMs);
    },
    waiting: () => window.length + beyond + drops.settling(),
    others: () => others,
    chained: () => chained,
    seen: () => new Set([...seen.tasks, ...seen.due]),
    retrying: () => retrying,
    hasRunDry: () => window.length === chained && beyond > 0,
    nextLookMs: () => Math.min(untilUnseenMs(), drops.nextLookMs()),
    nextDueMs: () => nextDueAtMs - system.nowMs(),
    rejected: drops.rejected,
    unreadable: () => candidates.unreadable().size,
  };

  /** @param waiting what waits in `tasks/`; what is due joins it @returns everything that `deferred/` holds */
  async function seeDeferred(waiting: readonly TaskEntry[]): Promise<readonly TaskEntry[]> {
    const dueBy = { nowMs: system.nowMs(), longestWaitMs: settings.backoffMaxMs };
    const deferred = await scanDeferred(system, layout, dueBy, kept);
    const all = [...deferred.due, ...deferred.later];
    isDueCut = deferred.isDueCut;
    nextDueAtMs = Math.min(deferred.nextDueAtMs, dueSinceLookMs);
    seen.due = deferred.due.map(placeOf);
    window = [...deferred.due, ...waiting].sort(compareEntries);
    begun = window.filter(hasBegun);
    for (const { number } of all) present.add(number);
    retrying = deferred.later.length;
    later = {
      busy: busyWith(await candidates.holdersOf(deferred.later)),
      numbers: deferred.later.map(({ number }) => number),
    };
    // Of more than can be remembered nothing is known, so nothing overtakes them.
    if (deferred.isLaterCut) later.busy.add(EVERYTHING);
    return all;
  }

  /** @returns the task when it may start now, or why it does not */
  async function take(
    entry: TaskEntry,
    turns: Turns,
    isWaiting: (number: number) => boolean,
  ): Promise<Candidate | "blocked" | "chained" | "gone"> {
    const candidate = await candidates.inspect(entry);
    if (candidate === undefined) return "gone";
    const readiness = await readinessOf(entry, candidate.task, isWaiting);
    if (readiness instanceof SpooldError) return { ...candidate, touches: NOTHING, refused: readiness };
    let turn = { number: entry.number, touches: candidate.touches, hasBegun: hasBegun(entry) };
    if (readiness !== "ready") {
      if (turns.areBefore(readiness)) turns.hold(turn);
      return "chained";
    }
    if (turns.mayStart(turn)) {
      // Links may have changed since it was read.
      turn = { ...turn, touches: await candidates.touchesNow(candidate.task) };
      if (turns.mayStart(turn)) return { ...candidate, touches: turn.touches };
    }
    turns.hold(turn);
    return "blocked";
  }

  /**
   * What has begun was ready: it may hold files that those need which a person lets it wait for again. What was only
   * given back may have been refused.
   */
  async function readinessOf(entry: TaskEntry, task: Task, isWaiting: (number: number) => boolean): Promise<Readiness> {
    if (entry.attempt > 1) return "ready";
    const readiness = await chains.readinessOf(entry.number, task, isWaiting);
    return hasBegun(entry) && !(readiness instanceof SpooldError) ? "ready" : readiness;
  }

  /** At once when there is nothing else to start; else not so often that looks take the time of work. */
  function untilUnseenMs(): number {
    if (unseen === 0) return Number.POSITIVE_INFINITY;
    return window.length === chained ? 0 : lookForUnseenMs - system.monotonicMs();
  }

  /** Nobody knows who waits for others still before that was asked again: until then none counts as one of them. */
  function forgetChains(): void {
    chains.refresh();
    chained = 0;
  }
}
