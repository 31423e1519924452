/**
 * The rule by which tasks run beside each other and leave what they would have left one after the other.
 *
 * A task waits for each one that it conflicts with and that runs, that has begun and waits for another attempt, or that
 * comes before it in the order and has not begun. What has begun waits for no task that has not: it holds its files from
 * its first attempt until its end, so that no retry puts an older picture over a newer one.
 *
 * A task that waits for others by `after` keeps its place when all of these come before it; when one of them does not,
 * it takes its place when it may run, for it must not be in the way of what it waits for.
 */
import { type Busy, createBusy, type Touches } from "./touches.ts";

/** A task that holds its files. */
export interface Holder {
  readonly number: number;
  readonly touches: Touches;
}

/** A task whose turn it may be. */
interface Turn extends Holder {
  /** Whether an attempt of it has been made. */
  readonly hasBegun: boolean;
}

/** What holds its files already. */
interface Held {
  readonly running: readonly Holder[];
  /** Tasks that have begun and are not due yet. */
  readonly later: { readonly busy: Busy; readonly numbers: readonly number[] };
  /** Tasks that have begun and are due: their turn is among the others'. */
  readonly due: readonly Holder[];
}

/** The tasks that wait, gone through in their order. */
export interface Turns {
  /** Whether nothing is in the way of a task now. */
  mayStart(turn: Turn): boolean;
  /** Lets a task that may not start hold its files against those that come after it. */
  hold(turn: Turn): void;
  /** Whether all these tasks run, have begun, or have a place before the one whose turn it is. */
  areBefore(numbers: readonly number[]): boolean;
}

export function takeTurns({ running, later, due }: Held): Turns {
  const firm = busyWith(running);
  const begun = busyWith(due);
  const placed = new Set([...[...running, ...due].map(({ number }) => number), ...later.numbers]);
  const begunBefore = createBusy();
  const before = createBusy();
  return {
    mayStart({ touches, hasBegun }) {
      const inTheWay = hasBegun ? [firm, later.busy, begunBefore] : [firm, later.busy, begun, before];
      return !inTheWay.some((busy) => busy.conflicts(touches));
    },
    hold({ number, touches, hasBegun }) {
      (hasBegun ? begunBefore : before).add(touches);
      placed.add(number);
    },
    areBefore: (numbers) => numbers.every((number) => placed.has(number)),
  };
}

/** All files that some tasks hold. */
export function busyWith(all: readonly Holder[]): Busy {
  const busy = createBusy();
  for (const { touches } of all) busy.add(touches);
  return busy;
}
