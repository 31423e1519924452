/** What a sync has done, in the words of its result: as much of it as a receipt may hold. */
import type { JsonValue } from "../../../task/outcome.ts";

type Listed = Readonly<Record<string, string | number | null>>;

const LISTS = ["enqueued", "removed", "left", "failed"] as const;
const COUNTS = ["scanned", "fresh", "queued", "unsettled"] as const;

export interface Tally {
  count(what: (typeof COUNTS)[number]): void;
  list(what: (typeof LISTS)[number], item: Listed): void;
  scanned(): number;
  result(facts: { readonly dryRun: boolean; readonly batch: string }): JsonValue;
}

/** No list of the result is longer. */
const MAX_ITEMS = 1_000;
/** Nor has its JSON more characters: names may be long. */
const MAX_CHARACTERS = 48 * 1024;

export function createTally(): Tally {
  const counts = { scanned: 0, fresh: 0, queued: 0, unsettled: 0 };
  const totals = { enqueued: 0, removed: 0, left: 0, failed: 0 };
  const lists: Record<(typeof LISTS)[number], Listed[]> = { enqueued: [], removed: [], left: [], failed: [] };
  const room = { enqueued: MAX_CHARACTERS, removed: MAX_CHARACTERS, left: MAX_CHARACTERS, failed: MAX_CHARACTERS };
  return {
    count(what) {
      counts[what] += 1;
    },
    list(what, item) {
      totals[what] += 1;
      room[what] -= JSON.stringify(item).length;
      if (room[what] > 0 && lists[what].length < MAX_ITEMS) lists[what].push(item);
    },
    scanned: () => counts.scanned,
    result: (facts) => ({ ...facts, ...counts, totals, ...lists }),
  };
}
