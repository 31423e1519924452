import type { DaemonStatus } from "../spool/control.ts";

/** Counts the tasks that end, and tells how fast they do. */
export interface Tally {
  note(end: "done" | "failed", count?: number): void;
  /** Since the start. */
  done(): number;
  failed(): number;
  rate(): DaemonStatus["rate"];
}

const WINDOW_S = 60;

/** Keeps a count for each of the last sixty seconds and no more. */
export function createTally(monotonicMs: () => number): Tally {
  const startedAtMs = monotonicMs();
  const ended = { done: 0, failed: 0 };
  /** How many have ended in a second since the start, at its place in the ring. */
  const ring = Array.from({ length: WINDOW_S }, () => ({ second: -1, count: 0 }));
  const secondNow = (): number => Math.floor((monotonicMs() - startedAtMs) / 1_000);

  return {
    note(end, count = 1) {
      ended[end] += count;
      const second = secondNow();
      const slot = ring[second % WINDOW_S];
      if (slot === undefined) return;
      slot.count = (slot.second === second ? slot.count : 0) + count;
      slot.second = second;
    },
    done: () => ended.done,
    failed: () => ended.failed,
    rate() {
      const oldest = secondNow() - WINDOW_S;
      const lastMinute = ring.reduce((sum, { second, count }) => sum + (second > oldest ? count : 0), 0);
      // A daemon that is younger has had less time for them.
      const seconds = Math.min(WINDOW_S, Math.max(1, (monotonicMs() - startedAtMs) / 1_000));
      return { perMinute: Math.round((lastMinute * WINDOW_S) / seconds), lastMinute };
    },
  };
}
