/**
 * What is written down beside a task when it is committed, so that it can be found without opening other tasks:
 *
 *   run/dedupe/DIGEST -> 42.p5.json   a link that leads nowhere: the task that answers to a word, by its name
 *   run/batches/NAME/42               see batches.ts
 *
 * Both are made before the task appears and are durable before anybody is told its number. A producer that dies in
 * between leaves a mark of a number that no state holds: it means nothing.
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { ignoring, type System, syncDirectory, unlinkIfThere } from "../system.ts";
import { keyOf } from "../task/key.ts";
import { type EntryName, readName, waitingName } from "../task/name.ts";
import type { Task } from "../task/task.ts";
import { batchMark } from "./batches.ts";
import { findOutsideTasks, findTask, isInTasks } from "./find.ts";
import type { Layout } from "./layout.ts";

/** What a task is to be found by. */
export interface Marks {
  /** Digest of the word that it answers to; undefined when the same may be queued twice. */
  readonly dedupe: string | undefined;
  readonly batch: string | undefined;
}

type Numbered = Pick<EntryName, "number" | "priority">;

/** The marks of a task. `dedupe: true` means its instructions, which no word can be mistaken for. */
export function marksOf(task: Task): Marks {
  const { dedupe, batch } = task;
  if (dedupe === undefined) return { dedupe, batch };
  return { dedupe: digestOf(dedupe === true ? `key ${keyOf(task)}` : `word ${dedupe}`), batch };
}

/** The number of the task that answers to a word and has not ended; undefined when there is none. */
export async function findDuplicate(system: System, layout: Layout, { dedupe }: Marks): Promise<number | undefined> {
  if (dedupe === undefined) return undefined;
  const name = await ignoring(["ENOENT"], system.fs.readlink(dedupePath(layout, dedupe)));
  const kind = name === undefined ? undefined : readName(name);
  if (kind?.kind !== "task") return undefined;
  const { number } = kind.entry;
  // It may leave tasks/ between the two; then it is found elsewhere.
  if (await isInTasks(system, layout, kind.entry)) return number;
  // What a person has put back may have a longer name there; only then are all the names read.
  const found = (await findOutsideTasks(system, layout, number)) ?? (await findTask(system, layout, number));
  const state = found?.state;
  return state === undefined || state === "done" || state === "failed" ? undefined : number;
}

/**
 * Makes the marks of a task that is about to appear under a number.
 * @returns the directories in which something was made, to be synced: what lies deeper first
 */
export async function placeMarks(
  system: System,
  layout: Layout,
  { dedupe, batch }: Marks,
  task: Numbered,
): Promise<readonly string[]> {
  const changed: string[] = [];
  if (dedupe !== undefined) {
    const path = dedupePath(layout, dedupe);
    changed.push(...(await makeDirectory(system, layout, dirname(path))));
    await unlinkIfThere(system, path);
    await system.fs.symlink(waitingName(task), path);
  }
  if (batch !== undefined) {
    const path = batchMark(layout, batch, task.number);
    changed.push(...(await makeDirectory(system, layout, dirname(path))));
    const handle = await system.fs.open(path, "a", 0o600);
    await handle.close();
  }
  return changed;
}

/** Takes back the marks of a number that did not become a task. */
export async function removeMarks(system: System, layout: Layout, marks: Marks, task: Numbered): Promise<void> {
  await forgetWord(system, layout, marks, task.number);
  if (marks.batch !== undefined) await unlinkIfThere(system, batchMark(layout, marks.batch, task.number));
}

/** Lets the word of a task that has ended go to another one. Left behind by a crash, it means nothing. */
export async function forgetWord(system: System, layout: Layout, { dedupe }: Marks, number: number): Promise<void> {
  if (dedupe === undefined) return;
  const path = dedupePath(layout, dedupe);
  const name = await ignoring(["ENOENT"], system.fs.readlink(path));
  const kind = name === undefined ? undefined : readName(name);
  if (kind?.kind === "task" && kind.entry.number === number) await unlinkIfThere(system, path);
}

async function makeDirectory(system: System, { run }: Layout, directory: string): Promise<readonly string[]> {
  const made = await system.fs.mkdir(directory, { recursive: true, mode: 0o700 });
  if (made === undefined) return [directory];
  // Its parents up to run/ have new entries too.
  const parents: string[] = [];
  for (let each = directory; each !== run; each = dirname(each)) parents.push(dirname(each));
  return [directory, ...parents];
}

/** Makes what was returned by `placeMarks` durable. */
export async function syncMarks(system: System, directories: readonly string[]): Promise<void> {
  for (const directory of new Set(directories)) await syncDirectory(system, directory);
}

function dedupePath({ run }: Layout, digest: string): string {
  return join(run, "dedupe", digest);
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
