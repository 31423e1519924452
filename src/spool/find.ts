import { join } from "node:path";
import { ignoring, type System } from "../system.ts";
import { type EntryName, readName, receiptName, waitingName } from "../task/name.ts";
import type { Layout, State } from "./layout.ts";

/** Where a task lies. */
export interface Found {
  readonly state: Exclude<State, "rejected">;
  /** Absolute. */
  readonly path: string;
  readonly entry: EntryName;
}

/**
 * The states in which a number may lie. A task that moves while they are read one after the other goes to a later one
 * in this list, or back to `deferred` or `held`, which are therefore read twice.
 */
const SEARCHED = ["held", "deferred", "active", "deferred", "held", "failed"] as const;

/**
 * Finds a task by its number.
 * @returns undefined when no state holds it
 */
export async function findTask(system: System, layout: Layout, number: number): Promise<Found | undefined> {
  return (
    (await named(system, layout, "tasks", waitingName({ number, priority: 0 }))) ??
    (await listed(system, layout, "tasks", number)) ??
    (await findOutsideTasks(system, layout, number))
  );
}

/** Whether a task lies in `tasks/` under the name that enqueue gives it. */
export async function isInTasks(
  { fs }: System,
  layout: Layout,
  entry: Pick<EntryName, "number" | "priority">,
): Promise<boolean> {
  return (await ignoring(["ENOENT"], fs.lstat(join(layout.tasks, waitingName(entry))))) !== undefined;
}

/** Whether a state other than `tasks/` holds the number, or `tasks/` under its plain name: without listing what may be large. */
export async function isNumberUsed(system: System, layout: Layout, number: number): Promise<boolean> {
  const plain = await named(system, layout, "tasks", waitingName({ number, priority: 0 }));
  return (plain ?? (await findOutsideTasks(system, layout, number))) !== undefined;
}

/** Finds a task that has left `tasks/`, without listing what may be large. */
export async function findOutsideTasks(system: System, layout: Layout, number: number): Promise<Found | undefined> {
  for (const state of SEARCHED) {
    const found = await listed(system, layout, state, number);
    if (found !== undefined) return found;
  }
  // A person may have put it back meanwhile.
  const putBack = await named(system, layout, "tasks", waitingName({ number, priority: 0 }));
  return putBack ?? named(system, layout, "done", receiptName(number));
}

async function named(
  { fs }: System,
  layout: Layout,
  state: "tasks" | "done",
  name: string,
): Promise<Found | undefined> {
  const path = join(layout[state], name);
  if ((await ignoring(["ENOENT"], fs.lstat(path))) === undefined) return undefined;
  const kind = readName(name);
  return kind.kind === "task" ? { state, path, entry: kind.entry } : undefined;
}

async function listed(
  { fs }: System,
  layout: Layout,
  state: Found["state"],
  number: number,
): Promise<Found | undefined> {
  for await (const { name } of await fs.opendir(layout[state], { bufferSize: 1_024 })) {
    const kind = readName(name);
    if (kind.kind === "task" && kind.entry.number === number) {
      return { state, path: join(layout[state], name), entry: kind.entry };
    }
  }
  return undefined;
}

/** The numbers of the tasks that lie in a state, by names alone. */
export async function numbersIn({ fs }: System, directory: string): Promise<readonly number[]> {
  return (await fs.readdir(directory)).flatMap((name) => {
    const kind = readName(name);
    return kind.kind === "task" ? [kind.entry.number] : [];
  });
}
