import type { System } from "../system.ts";
import { readName } from "../task/name.ts";
import { lowest, type TaskEntry } from "./entries.ts";
import type { Layout } from "./layout.ts";

/** What lies in `deferred/`. */
export interface DeferredView {
  /** The first entries that are due, in the order in which they start. */
  readonly due: readonly TaskEntry[];
  /** When the next one is due, ms since epoch; Infinity when none waits. */
  readonly nextDueAtMs: number;
}

/** Reads `deferred/`; names alone tell what is due. */
export async function scanDeferred(
  { fs }: System,
  layout: Layout,
  nowMs: number,
  window: number,
): Promise<DeferredView> {
  const due = lowest(window);
  let nextDueAtMs = Number.POSITIVE_INFINITY;
  for (const file of await fs.readdir(layout.deferred)) {
    const kind = readName(file);
    if (kind.kind !== "task") continue;
    if (kind.entry.dueAtMs <= nowMs) due.add({ ...kind.entry, state: "deferred", file });
    else nextDueAtMs = Math.min(nextDueAtMs, kind.entry.dueAtMs);
  }
  return { due: due.sorted(), nextDueAtMs };
}
