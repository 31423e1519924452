/** Reads the bytes of a source once: all later work uses the copy, so nobody can change the picture under way. */
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { errnoOf, SpooldError } from "../errors.ts";
import type { System } from "../system.ts";
import type { Limits } from "./limits.ts";
import { isInside, unreadable } from "./paths.ts";

/** A source in memory. */
export interface SourceBytes {
  /** Its real path. */
  readonly path: string;
  readonly bytes: Buffer;
  /** Which file it is, whatever its names. */
  readonly identity: FileIdentity;
}

interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/**
 * Reads a source by one descriptor, opened without following a link and without waiting for a pipe.
 * @param path as `resolveSource` returns it
 * @throws SOURCE_MISSING, SOURCE_UNREADABLE, SOURCE_NOT_FILE, SOURCE_TOO_LARGE, SOURCE_DAMAGED (no bytes),
 *   PATH_OUTSIDE_ROOTS (a directory on the way became a link), IO_ERROR
 */
export async function readSource(
  system: System,
  path: string,
  options: { readonly roots: readonly string[]; readonly limits: Pick<Limits, "maxInputBytes"> },
): Promise<SourceBytes> {
  try {
    const handle = await openInside(system, path, options.roots);
    try {
      return await readWhole(handle, path, options.limits.maxInputBytes);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unreadable(error, { path });
  }
}

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** How often a source may be replaced by rename between opening it and asking where it lies. */
const TRIES = 3;

async function openInside({ fs }: System, path: string, roots: readonly string[]): Promise<FileHandle> {
  for (let tries = 1; ; tries++) {
    const handle = await fs.open(path, FLAGS);
    try {
      // Only Linux tells where an open file lies; elsewhere the directories on the way must be trusted.
      if (process.platform !== "linux" || isInside(await fs.realpath(`/proc/self/fd/${handle.fd}`), roots))
        return handle;
      throw new SpooldError("PATH_OUTSIDE_ROOTS", { path });
    } catch (error) {
      await handle.close();
      // What was opened has lost its name: a newer file replaced it, and that one is meant.
      if (errnoOf(error) !== "ENOENT" || tries === TRIES) throw error;
    }
  }
}

async function readWhole(handle: FileHandle, path: string, limit: number): Promise<SourceBytes> {
  // Whole numbers of 64 bits: some file systems number their files beyond 2^53.
  const stat = await handle.stat({ bigint: true });
  const size = Number(stat.size);
  if (!stat.isFile()) throw new SpooldError("SOURCE_NOT_FILE", { path });
  if (size > limit) throw new SpooldError("SOURCE_TOO_LARGE", { path, bytes: size, limit });
  const buffer = Buffer.allocUnsafeSlow(size);
  let length = 0;
  // A file that grows meanwhile is read up to the size it had: the limit holds whatever the writer does.
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  if (length === 0) throw new SpooldError("SOURCE_DAMAGED", { path, bytes: 0 });
  return { path, bytes: buffer.subarray(0, length), identity: { dev: stat.dev, ino: stat.ino } };
}
