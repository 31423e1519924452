import { resolve } from "node:path";
import { SpooldError } from "../errors.ts";
import { resolveOutput, resolveSource } from "../image/paths.ts";
import type { System } from "../system.ts";
import { readsOf, type Task } from "../task/task.ts";

/** The files that a task reads and writes, links resolved. */
export interface Touches {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/**
 * Which files a task touches. A source counts under its own name and under the one that its links lead to: an earlier
 * task may replace either. A path that cannot be resolved counts as it stands: the worker tells what is wrong with it.
 */
export async function touchesOf(system: System, task: Task, roots: readonly string[]): Promise<Touches> {
  const named = (path: string): Promise<string> =>
    orElse(resolveOutput(system, path, roots, { create: false }), resolve(roots[0] ?? "/", path));
  const namesOf = async (path: string): Promise<readonly string[]> => {
    const own = await named(path);
    return [own, await orElse(resolveSource(system, path, roots), own)];
  };
  const reads = new Set((await Promise.all(readsOf(task).map(namesOf))).flat());
  return { reads: [...reads], writes: await Promise.all(task.outputs.map(({ file }) => named(file))) };
}

/** Files in use by tasks that run or must run first. */
export interface Busy {
  /** Whether a task that touches these files must wait. */
  conflicts(touches: Touches): boolean;
  add(touches: Touches): void;
}

/** Two tasks conflict when one writes what the other reads or writes; reading the same file is no conflict. */
export function createBusy(): Busy {
  const read = new Set<string>();
  const written = new Set<string>();
  return {
    conflicts: ({ reads, writes }) =>
      reads.some((path) => written.has(path)) || writes.some((path) => written.has(path) || read.has(path)),
    add({ reads, writes }) {
      for (const path of reads) read.add(path);
      for (const path of writes) written.add(path);
    },
  };
}

async function orElse(path: Promise<string>, fallback: string): Promise<string> {
  try {
    return await path;
  } catch (error) {
    // The worker meets the same path and reports it as the task's own failure.
    if (error instanceof SpooldError) return fallback;
    throw error;
  }
}
