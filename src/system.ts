/**
 * The one seam to the clock and the file system. Every protocol step goes through a `System`, so that a test can
 * record the order of system calls or put a clock in its own hand.
 */
import { constants, watch } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import * as promises from "node:fs/promises";
import { errnoOf } from "./errors.ts";

export type FileSystem = Pick<
  typeof promises,
  | "chmod"
  | "link"
  | "lstat"
  | "mkdir"
  | "open"
  | "opendir"
  | "readFile"
  | "readdir"
  | "readlink"
  | "realpath"
  | "rename"
  | "rm"
  | "rmdir"
  | "statfs"
  | "symlink"
  | "unlink"
>;

export interface System {
  readonly fs: FileSystem;
  /** Wall clock, ms since epoch: for records and due times, never for measuring. */
  readonly nowMs: () => number;
  /** Monotonic clock in ms: for settling and deadlines, untouched by clock jumps. */
  readonly monotonicMs: () => number;
  /** From 0 to below 1: for jitter, never for names or secrets. */
  readonly random: () => number;
  /** Tells when a directory has changed; returns the way to stop. A hint only: events may be lost. */
  readonly watchDirectory: (directory: string, changed: (name: string | null) => void) => () => void;
  /** The file system with callbacks, for the library of the add lock; its own when left out. */
  readonly withCallbacks?: object;
}

/** The real clock and file system. */
export function realSystem(): System {
  return {
    fs: promises,
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    random: () => Math.random(),
    watchDirectory,
  };
}

/**
 * Creates a file, writes it whole and makes it durable.
 * @throws EEXIST when the name is taken (a link counts as taken); no half-written file is left behind
 */
export async function writeDurably(
  { fs }: System,
  path: string,
  bytes: Uint8Array,
  options: WriteOptions & { readonly mode?: number } = {},
): Promise<void> {
  const { mode = 0o600, ...rest } = options;
  const handle = await fs.open(path, "wx", mode);
  try {
    await fillDurably(handle, bytes, rest);
  } catch (error) {
    await fs.unlink(path);
    throw error;
  }
}

/** Who a file belongs to. */
interface Owner {
  readonly uid: number;
  readonly gid: number;
}

interface WriteOptions {
  readonly owner?: Owner | undefined;
  /** False leaves it to the kernel when the bytes reach the disk. */
  readonly isSynced?: boolean;
}

/** Writes a new file whole, makes it durable and closes it, whatever happens. */
export async function fillDurably(
  handle: FileHandle,
  bytes: Uint8Array,
  { owner, isSynced = true }: WriteOptions = {},
): Promise<void> {
  try {
    await handle.writeFile(bytes);
    if (owner !== undefined) await handle.chown(owner.uid, owner.gid);
    // A failed fsync is never tried again on the same data: the kernel may have marked the pages clean.
    if (isSynced) await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Whom a file must be given that is made in a directory: what root writes into the spool of another account must be that
 * account's to read.
 * @returns undefined when it belongs there as it is made
 */
export async function ownerToGive({ fs }: System, directory: string): Promise<Owner | undefined> {
  if (process.geteuid?.() !== 0) return undefined;
  const { uid, gid } = await fs.lstat(directory);
  return uid === 0 && gid === process.getegid?.() ? undefined : { uid, gid };
}

/** Makes the entries of a directory durable: creations, renames and removals in it so far. */
export async function syncDirectory({ fs }: System, directory: string): Promise<void> {
  const handle = await fs.open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes a file; that it is gone already is no error. */
export async function unlinkIfThere({ fs }: System, path: string): Promise<void> {
  await ignoring(["ENOENT"], fs.unlink(path));
}

/** Waits for a promise; an error with one of these errno names becomes undefined. */
export async function ignoring<T>(errnos: readonly string[], work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (errnos.includes(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
}

function watchDirectory(directory: string, changed: (name: string | null) => void): () => void {
  try {
    const watcher = watch(directory, { persistent: false }, (_event, name) => changed(name));
    watcher.on("error", () => watcher.close());
    return () => watcher.close();
  } catch {
    // Without inotify watches the caller's own slow look at the directory goes on; nothing is lost but time.
    return () => undefined;
  }
}
