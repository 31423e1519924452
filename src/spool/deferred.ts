import type { System } from "../system.ts";
import { readName } from "../task/name.ts";
import { hasBegun, lowest, type TaskEntry } from "./entries.ts";
import type { Layout } from "./layout.ts";

/** What lies in `deferred/`. */
export interface DeferredView {
  /** The first entries that are due, in the order in which they start. */
  readonly due: readonly TaskEntry[];
  /** Whether there are more of those that have begun than could be kept. */
  readonly isDueCut: boolean;
  /** The first entries that are not due but have begun: another attempt was made. */
  readonly later: readonly TaskEntry[];
  /** Whether there are more of those than could be kept. */
  readonly isLaterCut: boolean;
  /** When the next one is due, ms since epoch; Infinity when none waits. */
  readonly nextDueAtMs: number;
}

/** By what a time in a name is judged. */
interface DueBy {
  /** ms since epoch. */
  readonly nowMs: number;
  /** No retry is put off for longer: a later time was written down before the clock was set back, and is due. */
  readonly longestWaitMs: number;
}

/** Reads `deferred/`; names alone tell what is due. @param window how many entries are kept */
export async function scanDeferred(
  { fs }: System,
  layout: Layout,
  { nowMs, longestWaitMs }: DueBy,
  window: number,
): Promise<DeferredView> {
  const due = lowest(window);
  const later = lowest(window);
  let dueAndBegun = 0;
  let begun = 0;
  let nextDueAtMs = Number.POSITIVE_INFINITY;
  for (const file of await fs.readdir(layout.deferred)) {
    const kind = readName(file);
    if (kind.kind !== "task") continue;
    const entry: TaskEntry = { ...kind.entry, state: "deferred", file };
    const isFromLater = entry.attempt > 1 && entry.dueAtMs > nowMs + longestWaitMs;
    if (entry.dueAtMs <= nowMs || isFromLater) {
      due.add(entry);
      if (hasBegun(entry)) dueAndBegun += 1;
    } else {
      nextDueAtMs = Math.min(nextDueAtMs, entry.dueAtMs);
      if (hasBegun(entry)) later.add(entry);
      if (hasBegun(entry)) begun += 1;
    }
  }
  const kept = due.sorted();
  const isDueCut = dueAndBegun > kept.filter(hasBegun).length;
  return { due: kept, isDueCut, later: later.sorted(), isLaterCut: begun > window, nextDueAtMs };
}
