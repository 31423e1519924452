/** What may stay, and what goes. Decides, and touches nothing. */

/** How much is kept of one kind of traces. Null sets no limit. */
export interface Limits {
  /** Kept for so long after the end, ms. */
  readonly ageMs: number | null;
  /** So many of the newest are kept. */
  readonly count: number | null;
  /** The newest are kept that have no more bytes than this together. */
  readonly bytes: number | null;
  /** Nothing younger goes, whatever the other limits say, ms. */
  readonly leastAgeMs?: number;
}

/** A trace of a task that has ended, as its name and `lstat` tell. */
export interface Trace {
  /** Name of its file. */
  readonly file: string;
  /** Null of a rejected drop. */
  readonly number: number | null;
  /** When the task ended, ms since epoch. */
  readonly endedAtMs: number;
  /** When its entry last changed: another value means that it was moved meanwhile. */
  readonly changedAtMs: number;
  readonly bytes: number;
}

/** Whether anything can go at all. */
export function isLimited({ ageMs, count, bytes }: Limits): boolean {
  return ageMs !== null || count !== null || bytes !== null;
}

/** The traces that go, oldest first. */
export function whatGoes(traces: readonly Trace[], limits: Limits, nowMs: number): readonly Trace[] {
  const { ageMs, leastAgeMs = 0 } = limits;
  const noRoom = new Set(withoutRoom(traces, limits));
  const goes = traces.filter((trace) => {
    const age = nowMs - trace.endedAtMs;
    return age >= leastAgeMs && (noRoom.has(trace) || (ageMs !== null && age >= ageMs));
  });
  return oldestFirst(goes);
}

/** Those that the limits of count and bytes leave no room for. */
function withoutRoom(traces: readonly Trace[], { count, bytes }: Limits): readonly Trace[] {
  const total = traces.reduce((sum, trace) => sum + trace.bytes, 0);
  let left = Math.min(traces.length, count ?? traces.length);
  let room = Math.min(total, bytes ?? total);
  // Nothing is sorted in the common case: a hundred thousand would hold up the daemon for a moment.
  if (left === traces.length && room === total) return [];
  const sorted = oldestFirst(traces);
  let kept = sorted.length;
  for (; kept > 0 && left > 0; kept--, left--) {
    room -= sorted[kept - 1]?.bytes ?? 0;
    if (room < 0) break;
  }
  return sorted.slice(0, kept);
}

/**
 * A comparison for each pair would hold up a daemon with a hundred thousand traces for a quarter of a second. Numbers are
 * sorted twenty times as fast: each is the second of an end and a place in the list; then those of one second are compared.
 */
function oldestFirst(traces: readonly Trace[]): readonly Trace[] {
  if (traces.length > PLACES) return [...traces].sort(byEnd);
  const seconds = traces.map(({ endedAtMs }) => Math.max(0, Math.floor(endedAtMs / 1_000)));
  const keys = Float64Array.from(seconds, (second, place) => second * PLACES + place).sort();
  const sorted: Trace[] = [];
  for (let from = 0, to = 0; from < keys.length; from = to) {
    const second = Math.floor((keys[from] ?? 0) / PLACES);
    const same: Trace[] = [];
    for (; to < keys.length && Math.floor((keys[to] ?? 0) / PLACES) === second; to++) {
      same.push(traces[(keys[to] ?? 0) % PLACES] as Trace);
    }
    for (const trace of same.length === 1 ? same : same.sort(byEnd)) sorted.push(trace);
  }
  return sorted;
}

/** As many as fit into an exact number beside any second of the next centuries. */
const PLACES = 2 ** 20;

function byEnd(a: Trace, b: Trace): number {
  return a.endedAtMs - b.endedAtMs || (a.number ?? 0) - (b.number ?? 0);
}
