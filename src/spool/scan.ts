import { SpooldError } from "../errors.ts";
import { ignoring, type System } from "../system.ts";
import { readName } from "../task/name.ts";
import { lowest, type TaskEntry } from "./entries.ts";
import type { Layout } from "./layout.ts";

/** What lies in `tasks/`, as far as names tell. */
export interface TasksView {
  /** The first `window` entries in the order in which they start. */
  readonly entries: readonly TaskEntry[];
  /** Names of `*.json` drops without a number, at most `window` of them. */
  readonly drops: readonly string[];
  /** Names of reason files that came along when a person moved a failed task or a rejected drop back. */
  readonly reasons: readonly string[];
  /** Names that spoold never touches, with what they are; at most `window` of them. */
  readonly foreign: readonly string[];
  /** All entries and drops, also those beyond the window. */
  readonly total: number;
  /** How many other names there are: foreign ones, reasons, and somebody's temporaries. */
  readonly others: number;
  /** The highest number of all; 0 when none has one. */
  readonly highest: number;
}

/**
 * Reads `tasks/` as a stream and keeps the lowest names only, so that a million waiting files cost time but not memory.
 * @param window how many entries to keep
 * @throws SPOOL_MISSING when the directory is gone
 */
export async function scanTasks({ fs }: System, layout: Layout, window: number): Promise<TasksView> {
  const directory = await ignoring(["ENOENT"], fs.opendir(layout.tasks, { bufferSize: 1_024 }));
  if (directory === undefined) throw new SpooldError("SPOOL_MISSING", { directory: layout.tasks });
  const entries = lowest(window);
  const drops: string[] = [];
  const reasons: string[] = [];
  const foreign: string[] = [];
  let total = 0;
  let listed = 0;
  let highest = 0;
  for await (const found of directory) {
    listed += 1;
    const kind = readName(found.name);
    if (kind.kind === "temporary") continue;
    if (kind.kind === "foreign" || !found.isFile()) {
      if (foreign.length < window) foreign.push(found.name);
      continue;
    }
    if (kind.kind === "reason") {
      reasons.push(found.name);
      continue;
    }
    total += 1;
    if (kind.kind === "task") highest = Math.max(highest, kind.entry.number);
    if (kind.kind === "task") entries.add({ ...kind.entry, state: "tasks", file: found.name });
    else if (drops.length < window) drops.push(found.name);
  }
  return { entries: entries.sorted(), drops: drops.sort(), reasons, foreign, total, others: listed - total, highest };
}
