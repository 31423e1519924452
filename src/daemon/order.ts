/**
 * The rule by which tasks run beside each other and leave what they would have left one after the other.
 *
 * A task waits for each one that it conflicts with and that runs, that has begun and waits for another attempt, or that
 * comes before it in the order and has not begun. What has begun waits for no task that has not: it holds its files from
 * its first attempt until its end, so that no retry puts an older picture over a newer one.
 */
import { type Busy, createBusy, type Touches } from "./touches.ts";

/** A task whose turn it may be. */
interface Turn {
  readonly touches: Touches;
  /** Whether an attempt of it has been made. */
  readonly hasBegun: boolean;
}

/** What holds its files already. */
export interface Held {
  readonly running: Iterable<Touches>;
  /** Tasks that have begun and are not due yet. */
  readonly later: Busy;
  /** Tasks that have begun and are due: their turn is among the others'. */
  readonly due: Iterable<Touches>;
}

/** The tasks that wait, gone through in their order. */
export interface Turns {
  /** Whether nothing is in the way of a task now. */
  mayStart(turn: Turn): boolean;
  /** Lets a task that may not start hold its files against those that come after it. */
  hold(turn: Turn): void;
}

export function takeTurns({ running, later, due }: Held): Turns {
  const firm = busyWith(running);
  const begun = busyWith(due);
  const begunBefore = createBusy();
  const before = createBusy();
  return {
    mayStart({ touches, hasBegun }) {
      const inTheWay = hasBegun ? [firm, later, begunBefore] : [firm, later, begun, before];
      return !inTheWay.some((busy) => busy.conflicts(touches));
    },
    hold: ({ touches, hasBegun }) => (hasBegun ? begunBefore : before).add(touches),
  };
}

/** All files that some tasks hold. */
export function busyWith(all: Iterable<Touches>): Busy {
  const busy = createBusy();
  for (const touches of all) busy.add(touches);
  return busy;
}
