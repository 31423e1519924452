import { randomUUID } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { errnoOf, SpooldError, serializeError } from "../errors.ts";
import { ignoring, type System, syncDirectory, unlinkIfThere, writeDurably } from "../system.ts";
import { encodeTask } from "../task/key.ts";
import { readName, reasonName } from "../task/name.ts";
import type { Reason } from "../task/outcome.ts";
import type { Task } from "../task/task.ts";
import { MAX_TASK_BYTES, parseJson } from "../task/text.ts";
import type { Committer } from "./commit.ts";
import type { Layout } from "./layout.ts";
import { marksOf } from "./marks.ts";
import { renderTask } from "./recipes.ts";
import { type Fingerprint, fingerprintOf, isSameFile, type TaskFile } from "./task-file.ts";

/** What became of a drop. */
export type Intake =
  | { readonly kind: "accepted"; readonly name: string; readonly number: number; readonly task: Task }
  /** The same task is queued already, under this number, and has not ended. */
  | { readonly kind: "duplicate"; readonly name: string; readonly number: number; readonly task: Task }
  | { readonly kind: "rejected"; readonly name: string; readonly as: string; readonly error: SpooldError }
  /** It changed or went while it was being taken; another look will tell. */
  | { readonly kind: "changed"; readonly name: string };

export interface IntakeContext {
  readonly system: System;
  readonly layout: Layout;
  readonly committer: Committer;
}

/** Bytes of a drop's name that are kept: names end at 255, and a character has three bytes at most. */
const MAX_KEPT_NAME = 180;

/** Names under which drops lie in `tmp/` while they are taken in: a later start puts them back. */
const TAKEN = /^taken\.([0-9a-f-]{36})\.(.+)$/s;

/**
 * Takes a settled drop into the spool: its bytes are copied, so that a writer that still holds it open cannot change
 * a task under way.
 *   tasks/drop → tmp/taken (nobody can replace it now) → copy committed to tasks/N → tmp/taken unlinked.
 * Each step is durable before the next: no loss of power shows the drop beside its task, but for what a start recognises.
 */
export async function takeIn(context: IntakeContext, name: string, file: SettledDrop): Promise<Intake> {
  const { system, layout, committer } = context;
  const nonce = randomUUID();
  const taken = join(layout.tmp, `taken.${nonce}.${shortened(name)}`);
  let task: Task;
  let bytes: Buffer;
  try {
    task = await readDrop(context, file);
    bytes = encodeTask(task);
  } catch (error) {
    if (!(error instanceof SpooldError)) throw error;
    return rejectDrop(context, name, file.fingerprint, error);
  }
  const moved = await ignoring(
    ["ENOENT"],
    system.fs.rename(join(layout.tasks, name), taken).then(() => true),
  );
  if (moved === undefined) return { kind: "changed", name };
  if (!isSameFile(await fingerprintOf(system, taken), file.fingerprint)) {
    await putBack(system, layout, taken, name);
    return { kind: "changed", name };
  }
  try {
    const replaces = { path: taken, nonce };
    const { number, isNew } = await committer.commit({ bytes, replaces, marks: marksOf(task), ...placeOf(name, task) });
    return { kind: isNew ? "accepted" : "duplicate", name, number, task };
  } catch (error) {
    await putBack(system, layout, taken, name);
    throw error;
  }
}

/** A drop that has been read and has lain unchanged. */
export type SettledDrop = Exclude<TaskFile, { kind: "unreadable" }>;

/**
 * Moves a drop to `rejected/`, byte for byte, with the reason beside it. The reason is created first and exclusively:
 * it reserves the name, so that no earlier drop of the same name is overwritten.
 */
export async function rejectDrop(
  { system, layout }: Pick<IntakeContext, "system" | "layout">,
  name: string,
  fingerprint: Fingerprint,
  error: SpooldError,
): Promise<Intake> {
  const reason: Reason = {
    supplicant: null,
    summary: null,
    error: serializeError(error),
    attempts: [],
    endedAt: new Date(system.nowMs()).toISOString(),
  };
  const as = await reserveReason(system, layout, shortened(name), Buffer.from(`${JSON.stringify(reason, null, 2)}\n`));
  const kept = join(layout.rejected, as);
  const moved = await ignoring(
    ["ENOENT"],
    system.fs.rename(join(layout.tasks, name), kept).then(() => true),
  );
  if (moved === undefined || !isSameFile(await fingerprintOf(system, kept), fingerprint)) {
    if (moved) await putBack(system, layout, kept, name);
    await unlinkIfThere(system, join(layout.rejected, reasonName(as)));
    return { kind: "changed", name };
  }
  await Promise.all([syncDirectory(system, layout.rejected), syncDirectory(system, layout.tasks)]);
  return { kind: "rejected", name, as, error };
}

/** Puts drops back that a daemon had taken when it died, unless their copy was committed. @returns their names */
export async function restoreTakenDrops(system: System, layout: Layout): Promise<string[]> {
  const restored: string[] = [];
  for (const file of await system.fs.readdir(layout.tmp)) {
    const [, nonce, name] = TAKEN.exec(file) ?? [];
    if (nonce === undefined || name === undefined) continue;
    const path = join(layout.tmp, file);
    const copy = join(layout.tmp, `${nonce}.json`);
    // A second link to the copy is the committed task itself.
    if (((await ignoring(["ENOENT"], system.fs.lstat(copy)))?.nlink ?? 0) > 1) {
      await system.fs.unlink(path);
      // Whoever finds the drop without its copy takes it in once more, also after another loss of power.
      await syncDirectory(system, layout.tmp);
      await system.fs.unlink(copy);
      continue;
    }
    await putBack(system, layout, path, name);
    restored.push(name);
  }
  return restored;
}

/** A reason that came along when a person moved a task or a drop back goes to where it belongs. */
export async function returnReason({ fs }: System, layout: Layout, name: string): Promise<void> {
  const kind = readName(name);
  const place = kind.kind === "reason" && kind.number !== null ? layout.failed : layout.rejected;
  await ignoring(["ENOENT"], fs.rename(join(layout.tasks, name), join(place, name)));
}

/** The task that a drop asks for; a recipe that it names is filled in now. */
async function readDrop({ system, layout }: IntakeContext, file: SettledDrop): Promise<Task> {
  if (file.kind === "oversized") {
    throw new SpooldError("TASK_TOO_LARGE", { bytes: Number(file.fingerprint.size), limit: MAX_TASK_BYTES });
  }
  return file.kind === "committed" ? file.task : renderTask(system, layout, parseJson(file.bytes.toString()));
}

/** The number and priority that the name asks for; the task's own priority counts when the name has none. */
function placeOf(name: string, task: Task): { priority: number; wanted?: number } {
  const kind = readName(name);
  if (kind.kind !== "task") return { priority: task.priority ?? 0 };
  return { priority: kind.entry.priority || (task.priority ?? 0), wanted: kind.entry.number };
}

async function reserveReason(system: System, layout: Layout, name: string, bytes: Buffer): Promise<string> {
  const temporary = join(layout.tmp, `${randomUUID()}.json`);
  await writeDurably(system, temporary, bytes);
  try {
    for (let copy = 1; ; copy++) {
      const as = copy === 1 ? name : `${name}.${copy}`;
      if ((await ignoring(["ENOENT"], system.fs.lstat(join(layout.rejected, as)))) !== undefined) continue;
      if (await linkIfFree(system, temporary, join(layout.rejected, reasonName(as)))) {
        await syncDirectory(system, layout.rejected);
        return as;
      }
    }
  } finally {
    await system.fs.unlink(temporary);
  }
}

/** Puts a file into `tasks/`, under its own name when that is free, else under a new one: nothing is overwritten. */
export async function putBack(system: System, layout: Layout, path: string, name: string): Promise<void> {
  for (let copy = 1; ; copy++) {
    const free = join(layout.tasks, copy === 1 ? name : `${basename(shortened(name), ".json")}-${copy}.json`);
    if (await moveIfFree(system, path, free)) return;
  }
}

async function moveIfFree(system: System, path: string, name: string): Promise<boolean> {
  try {
    if (!(await linkIfFree(system, path, name)) && !(await isOneFile(system, path, name))) return false;
    try {
      // A loss of power must not take both names.
      await syncDirectory(system, dirname(name));
    } finally {
      // Nor may both stay, whatever failed: the next start would make two drops of them.
      await system.fs.unlink(path);
    }
    return true;
  } catch (error) {
    // A directory, or a file that this account may not link: nothing is lost by a rename to a name that was just free.
    if (errnoOf(error) !== "EPERM") throw error;
    if ((await ignoring(["ENOENT"], system.fs.lstat(name))) !== undefined) return false;
    await system.fs.rename(path, name);
    return true;
  }
}

/** Who put it there before may have died between the two names. */
async function isOneFile(system: System, path: string, name: string): Promise<boolean> {
  const there = await ignoring(["ENOENT"], fingerprintOf(system, name));
  return there !== undefined && isSameFile(there, await fingerprintOf(system, path));
}

async function linkIfFree({ fs }: System, path: string, name: string): Promise<boolean> {
  const linked = await ignoring(
    ["EEXIST"],
    fs.link(path, name).then(() => true),
  );
  return linked ?? false;
}

/** Leaves room in a file name for what is put around it; the end stays, with the number and the ending. */
function shortened(name: string): string {
  return Buffer.byteLength(name) <= MAX_KEPT_NAME ? name : name.slice(-MAX_KEPT_NAME / 3);
}
