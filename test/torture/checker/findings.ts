/** What the checker has to say of a spool. */
export interface Verdict {
  /** Promises that were broken, a sentence each: the first of them. */
  readonly violations: readonly string[];
  /** How much there was to look at, by name; `violations` counts all of them. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Where the checks put what they find. */
export interface Findings {
  readonly say: (violation: string) => void;
  readonly count: (name: string, by?: number) => void;
  readonly verdict: () => Verdict;
}

/** A broken spool breaks thousands of promises at once; the first ones tell why. */
const MOST_TOLD = 100;

export function openFindings(): Findings {
  const violations: string[] = [];
  const counts: Record<string, number> = { violations: 0 };
  const count = (name: string, by = 1): void => {
    counts[name] = (counts[name] ?? 0) + by;
  };
  return {
    say(violation) {
      count("violations");
      if (violations.length < MOST_TOLD) violations.push(violation);
    },
    count,
    verdict: () => ({ violations: [...violations], counts: { ...counts } }),
  };
}
