import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { errnoOf } from "../errors.ts";
import type { System } from "../system.ts";
import { ownTask } from "../task/render.ts";
import type { Task } from "../task/task.ts";
import { MAX_TASK_BYTES, parseObject } from "../task/text.ts";

/** What tells one state of a file from another. */
export interface Fingerprint {
  readonly inode: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

/** A task file as it was read, once, through one descriptor. */
export type TaskFile =
  /** Written by enqueue or by intake, whole by construction. */
  | { readonly kind: "committed"; readonly fingerprint: Fingerprint; readonly task: Task; readonly bytes: Buffer }
  /** Anything else that a person may have put there. */
  | { readonly kind: "drop"; readonly fingerprint: Fingerprint; readonly bytes: Buffer }
  /** Larger than a task may be; not read. */
  | { readonly kind: "oversized"; readonly fingerprint: Fingerprint }
  /** Gone, or not a regular file, or not readable: `because` is for the log. */
  | { readonly kind: "unreadable"; readonly gone: boolean; readonly because: string };

/** O_NOFOLLOW refuses links; O_NONBLOCK keeps a FIFO from hanging the daemon. */
const READ_SAFELY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Reads a file in a task directory without following links, waiting for a writer, or reading more than a task may hold. */
export async function readTaskFile({ fs }: System, path: string): Promise<TaskFile> {
  let handle: FileHandle;
  try {
    handle = await fs.open(path, READ_SAFELY);
  } catch (error) {
    const errno = errnoOf(error) ?? "unknown";
    if (["EMFILE", "ENFILE", "EIO", "ENOMEM"].includes(errno)) throw error;
    return { kind: "unreadable", gone: errno === "ENOENT", because: errno };
  }
  try {
    const stat = await handle.stat({ bigint: true });
    if (!stat.isFile()) return { kind: "unreadable", gone: false, because: "not a regular file" };
    const fingerprint = { inode: stat.ino, size: stat.size, mtimeNs: stat.mtimeNs };
    if (stat.size > MAX_TASK_BYTES) return { kind: "oversized", fingerprint };
    const bytes = await readBounded(handle);
    const task = ownTask(parseObject(bytes.toString()));
    return task === undefined ? { kind: "drop", fingerprint, bytes } : { kind: "committed", fingerprint, task, bytes };
  } finally {
    await handle.close();
  }
}

/** A file on a bad sector is left where it is, so that it does not stop the others; any other trouble is the machine's. */
export function leftAlone(error: unknown): TaskFile {
  if (errnoOf(error) === "EIO") return { kind: "unreadable", gone: false, because: "EIO" };
  throw error;
}

/** The fingerprint of whatever lies at a path now; a link is not followed. */
export async function fingerprintOf({ fs }: System, path: string): Promise<Fingerprint> {
  const stat = await fs.lstat(path, { bigint: true });
  return { inode: stat.ino, size: stat.size, mtimeNs: stat.mtimeNs };
}

export function isSameFile(a: Fingerprint, b: Fingerprint): boolean {
  return a.inode === b.inode && a.size === b.size && a.mtimeNs === b.mtimeNs;
}

/** A file may grow while it is read: never read past the limit. A read of a regular file falls short at its end only. */
async function readBounded(handle: FileHandle): Promise<Buffer> {
  const buffer = Buffer.alloc(MAX_TASK_BYTES + 1);
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
  return Buffer.from(buffer.subarray(0, bytesRead));
}
