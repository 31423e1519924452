import { ignoring, type System } from "../system.ts";
import { readName } from "../task/name.ts";
import { type Layout, STATES, type State } from "./layout.ts";
import { scanTasks } from "./scan.ts";

/** How many tasks lie in each state; hand drops that wait in `tasks/` count there. */
export async function countStates({ fs }: System, layout: Layout): Promise<Record<State, number>> {
  const counts = STATES.map(async (state): Promise<[State, number]> => {
    let count = 0;
    for await (const found of await fs.opendir(layout[state], { bufferSize: 1_024 })) {
      if (found.isFile() && isCounted(state, found.name)) count += 1;
    }
    return [state, count];
  });
  return Object.fromEntries(await Promise.all(counts)) as Record<State, number>;
}

/**
 * How long the task that starts next has lain in `tasks/`, by the time at which it was written.
 * @returns ms, or null when nothing waits
 */
export async function oldestWaitingMs(system: System, layout: Layout): Promise<number | null> {
  // Several, because the first ones may be claimed while the directory is read.
  const { entries } = await scanTasks(system, layout, 64);
  for (const { file } of entries) {
    const stat = await ignoring(["ENOENT"], system.fs.lstat(`${layout.tasks}/${file}`));
    if (stat !== undefined) return Math.max(0, Math.round(system.nowMs() - stat.mtimeMs));
  }
  return null;
}

/**
 * When the next task in `deferred/` is due; one that is due at once counts as due now.
 * @returns ms since epoch, or null when none waits there
 */
export async function nextDueAtMs(system: System, layout: Layout): Promise<number | null> {
  let nextMs = Number.POSITIVE_INFINITY;
  for await (const { name } of await system.fs.opendir(layout.deferred, { bufferSize: 1_024 })) {
    const kind = readName(name);
    if (kind.kind === "task") nextMs = Math.min(nextMs, kind.entry.dueAtMs || system.nowMs());
  }
  return Number.isFinite(nextMs) ? nextMs : null;
}

/** Whether a file in a state is one of its tasks or drops, and nothing that only lies beside them. */
export function isCounted(state: State, name: string): boolean {
  // A rejected drop may have had any name; only its reason tells it from one.
  if (state === "rejected") return !name.endsWith(".reason.json");
  const { kind } = readName(name);
  return kind === "task" || (state === "tasks" && kind === "unnumbered");
}
