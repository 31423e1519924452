import { dirname, resolve } from "node:path";
import { SpooldError } from "../errors.ts";
import { type Destination, destinationNamed, resolveDestination } from "../image/destinations.ts";
import { resolveOutput, resolveSource } from "../image/paths.ts";
import type { System } from "../system.ts";
import { type HandlerTask, isHandlerTask, type Output, readsOf, type Task } from "../task/task.ts";

/** The files that a task reads and writes, links resolved. */
export interface Touches {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Those of the paths written that are folders: whatever lies below them is written as well. */
  readonly folders: readonly string[];
  /** Those of the paths read that may be folders: whatever lies below them is read as well. */
  readonly readFolders?: readonly string[];
  /** Whether it may touch any file, so that nothing may run beside it. */
  readonly everything?: boolean;
}

/** What a task touches of which nothing is known. */
export const EVERYTHING: Touches = { reads: [], writes: [], folders: [], everything: true };

/** What a task touches that will not run. */
export const NOTHING: Touches = { reads: [], writes: [], folders: [] };

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
  const allNamesOf = async (paths: readonly string[]): Promise<readonly string[]> => [
    ...new Set((await Promise.all(paths.map(namesOf))).flat()),
  ];
  if (isHandlerTask(task)) return touchesOfHandler(task, allNamesOf);
  const reads = await allNamesOf(readsOf(task));
  const destinations = await Promise.all(task.outputs.map((output) => destinationOf(system, output, roots)));
  const folders = destinations.flatMap(({ folder }) => folder ?? []);
  return { reads, writes: [...new Set([...destinations.map(({ path }) => path), ...folders])], folders };
}

/** What a handler touches nobody can see: it says so itself, files and folders alike, or it runs alone. */
async function touchesOfHandler(
  { reads, writes }: HandlerTask,
  allNamesOf: (paths: readonly string[]) => Promise<readonly string[]>,
): Promise<Touches> {
  if (reads === undefined || writes === undefined) return EVERYTHING;
  const [read, written] = [await allNamesOf(reads), await allNamesOf(writes)];
  return { reads: read, readFolders: read, writes: written, folders: written };
}

/** Files in use by tasks that run or must run first. */
export interface Busy {
  /** Whether a task that touches these files must wait. */
  conflicts(touches: Touches): boolean;
  add(touches: Touches): void;
}

/**
 * Two tasks conflict when one writes what the other reads or writes; reading the same file is no conflict. What lies in
 * a folder that one of them writes is written by it.
 */
export function createBusy(): Busy {
  const read = new Set<string>();
  const written = new Set<string>();
  const folders = new Set<string>();
  const readFolders = new Set<string>();
  /** All directories above paths in use, and above paths that are written. */
  const above = new Set<string>();
  const aboveWritten = new Set<string>();
  let isEmpty = true;
  let hasEverything = false;
  return {
    conflicts: (touches) =>
      hasEverything ||
      (touches.everything === true && !isEmpty) ||
      touches.reads.some((path) => written.has(path)) ||
      touches.writes.some((path) => written.has(path) || read.has(path)) ||
      touches.folders.some((path) => above.has(path)) ||
      (touches.readFolders ?? []).some((path) => aboveWritten.has(path)) ||
      isBelow(pathsOf(touches), folders) ||
      isBelow(touches.writes, readFolders),
    add(touches) {
      isEmpty = false;
      hasEverything ||= touches.everything === true;
      for (const path of touches.reads) read.add(path);
      for (const path of touches.writes) written.add(path);
      for (const path of touches.folders) folders.add(path);
      for (const path of touches.readFolders ?? []) readFolders.add(path);
      for (const path of pathsOf(touches)) for (const each of directoriesAbove(path)) above.add(each);
      for (const path of touches.writes) for (const each of directoriesAbove(path)) aboveWritten.add(each);
    },
  };
}

function isBelow(paths: readonly string[], folders: ReadonlySet<string>): boolean {
  return folders.size > 0 && paths.some((path) => directoriesAbove(path).some((each) => folders.has(each)));
}

function pathsOf({ reads, writes }: Touches): readonly string[] {
  return [...reads, ...writes];
}

function directoriesAbove(path: string): readonly string[] {
  const directories: string[] = [];
  for (let each = dirname(path); each !== dirname(each); each = dirname(each)) directories.push(each);
  return directories;
}

async function destinationOf(system: System, output: Output, roots: readonly string[]): Promise<Destination> {
  const asItStands = (file: string): string => resolve(roots[0] ?? "/", file);
  return orElse(resolveDestination(system, output, roots, { create: false }), destinationNamed(output, asItStands));
}

async function orElse<T>(path: Promise<T>, fallback: T): Promise<T> {
  try {
    return await path;
  } catch (error) {
    // The worker meets the same path and reports it as the task's own failure.
    if (error instanceof SpooldError) return fallback;
    throw error;
  }
}
