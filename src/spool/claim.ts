import { join } from "node:path";
import { ignoring, type System, syncDirectory } from "../system.ts";
import { activeName, deferredName, type EntryName } from "../task/name.ts";
import type { TaskEntry } from "./entries.ts";
import { putBack } from "./intake.ts";
import type { Layout } from "./layout.ts";
import { type Fingerprint, fingerprintOf, isSameFile } from "./task-file.ts";

/** A task whose attempt is counted on disk and may start. */
export interface ActiveTask extends EntryName {
  /** Its file in `active/`, absolute. */
  readonly path: string;
  /** Which file it is, wherever it is moved; unknown of one that was found at the start. */
  readonly inode?: bigint;
}

/**
 * Claims a task: its attempt is counted by the new name, and durable, before any work starts. A picture that takes
 * the machine down with it is so never tried for ever.
 * @param seen the file as it was read before: what was checked is what runs
 * @returns undefined when the file has moved or changed since
 * @throws what the file system reports; the task is then back where it was
 */
export async function claim(
  system: System,
  layout: Layout,
  entry: TaskEntry,
  seen: Fingerprint,
): Promise<ActiveTask | undefined> {
  const path = join(layout.active, activeName(entry));
  if (!(await move(system, layout, entry, { to: path, seen }))) return undefined;
  try {
    await Promise.all([syncDirectory(system, layout.active), syncDirectory(system, layout[entry.state])]);
  } catch (error) {
    // No descriptor was left, perhaps. In active/ nobody would look for it before the next start.
    await undo(system, layout, entry, path).catch(() => undefined);
    throw error;
  }
  return {
    number: entry.number,
    priority: entry.priority,
    attempt: entry.attempt,
    dueAtMs: 0,
    path,
    inode: seen.inode,
  };
}

/**
 * Puts a task off until a time that it asks for.
 * @param dueAtMs ms since epoch
 * @returns false when the file has moved or changed since it was read
 */
export async function putOff(
  system: System,
  layout: Layout,
  entry: TaskEntry,
  { seen, dueAtMs }: { readonly seen: Fingerprint; readonly dueAtMs: number },
): Promise<boolean> {
  const to = join(layout.deferred, deferredName({ ...entry, dueAtMs }));
  if (!(await move(system, layout, entry, { to, seen }))) return false;
  await Promise.all([syncDirectory(system, layout.deferred), syncDirectory(system, layout[entry.state])]);
  return true;
}

async function undo(system: System, layout: Layout, entry: TaskEntry, path: string): Promise<void> {
  const before = join(layout[entry.state], entry.file);
  const isTaken = (await ignoring(["ENOENT"], system.fs.lstat(before))) !== undefined;
  if (isTaken) await putBack(system, layout, path, entry.file);
  else await system.fs.rename(path, before);
}

/** @returns false when the file had moved, or was another one than was read: then it is back in `tasks/` */
async function move(
  system: System,
  layout: Layout,
  entry: TaskEntry,
  { to, seen }: { readonly to: string; readonly seen: Fingerprint },
): Promise<boolean> {
  const moved = await ignoring(
    ["ENOENT"],
    system.fs.rename(join(layout[entry.state], entry.file), to).then(() => true),
  );
  if (moved === undefined) return false;
  if (isSameFile(await fingerprintOf(system, to), seen)) return true;
  await putBack(system, layout, to, entry.file);
  return false;
}
