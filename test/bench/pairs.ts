import { type Spread, spreadOf } from "./spread.ts";

/** Ours and theirs, measured one right after the other: what disturbs the machine disturbs both. */
export interface Pair<Ours, Theirs> {
  readonly ours: Ours;
  readonly theirs: Theirs;
}

/** The two who are compared. Each call is one measurement. */
export interface Contestants<Ours, Theirs> {
  ours(): Promise<Ours>;
  theirs(): Promise<Theirs>;
}

/** A comparison in numbers. */
export interface Comparison {
  readonly ours: Spread;
  readonly theirs: Spread;
  /** Ours divided by theirs, taken in each pair by itself. */
  readonly ratio: Spread;
}

/**
 * Measures ours, theirs, ours, theirs … and leaves out the first pair, which warms up caches and clocks.
 * @param rounds pairs to keep
 * @param told is called before each pair, from 0: the warm-up
 */
export async function runPairs<Ours, Theirs>(
  rounds: number,
  contestants: Contestants<Ours, Theirs>,
  told: (round: number) => void = () => undefined,
): Promise<readonly Pair<Ours, Theirs>[]> {
  const pairs: Pair<Ours, Theirs>[] = [];
  for (let round = 0; round <= rounds; round++) {
    told(round);
    const pair = { ours: await contestants.ours(), theirs: await contestants.theirs() };
    if (round > 0) pairs.push(pair);
  }
  return pairs;
}

/** Compares one figure of each side over all pairs. */
export function compare<Ours, Theirs>(
  pairs: readonly Pair<Ours, Theirs>[],
  ours: (measured: Ours) => number,
  theirs: (measured: Theirs) => number,
): Comparison {
  return {
    ours: spreadOf(pairs.map((pair) => ours(pair.ours))),
    theirs: spreadOf(pairs.map((pair) => theirs(pair.theirs))),
    ratio: spreadOf(pairs.map((pair) => ours(pair.ours) / theirs(pair.theirs))),
  };
}
