/** Under which names outputs lie, hidden beside their destinations, until they appear; and how they get there. */
import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fillDurably, ignoring, type System, unlinkIfThere } from "../system.ts";
import { TEMPORARY_PREFIX, unwritable } from "./paths.ts";
import { removeAll } from "./replace.ts";

/**
 * The name of an output's temporary: it follows from the attempt alone, so that a later start can remove what a crash
 * left behind without listing directories.
 * @param tag what no other attempt of any task or spool has; letters, digits and dashes
 * @param index the output's place in its task, from 0
 */
export function temporaryPath(finalPath: string, tag: string, index: number): string {
  return join(dirname(finalPath), `${TEMPORARY_PREFIX}${tag}-${index}.tmp`);
}

/** What is to be written under a temporary name. */
export interface Unwritten {
  readonly temporary: string;
  /** Null when it lies whole and durable under its early name. */
  readonly content: Uint8Array | null;
}

/**
 * Writes the temporaries of a task whole and makes them durable, all at once; leftovers of the same names are removed.
 * Of several the first one gets its name last, when all are durable: from how the names lie a later start can tell
 * whether everything had been written, see `completeOrRemove`.
 * @throws OUTPUT_UNWRITABLE, DISK_FULL, DISK_READ_ONLY, IO_ERROR; what lies there then is left to `removeTemporaries`
 */
export async function writeTemporaries(system: System, files: readonly Unwritten[]): Promise<void> {
  const [first, ...others] = files;
  if (first === undefined) return;
  const isEarly = others.length > 0 || first.content === null;
  const name = isEarly ? earlyPath(first.temporary) : first.temporary;
  try {
    // Its name is there before any other is.
    const handle = first.content === null ? null : await openFresh(system, name);
    const writing = others.map((file) => writeTemporary(system, file));
    if (handle !== null && first.content !== null) writing.push(fillDurably(handle, first.content));
    // All have ended before an error is told: none may still be writing when the caller cleans up.
    for (const one of await Promise.allSettled(writing)) if (one.status === "rejected") throw one.reason;
    if (isEarly) await giveName(system, first.temporary);
  } catch (error) {
    throw unwritable(error, { path: dirname(first.temporary) });
  }
}

/** Under which name the first of several temporaries is written, and every pyramid diced. */
export function earlyPath(temporary: string): string {
  return `${temporary}.early`;
}

/** The published file keeps this mode: what the account's umask leaves of it, as for any file a program saves. */
const MODE = 0o666;

async function openFresh(system: System, path: string): Promise<FileHandle> {
  const handle = await ignoring(["EEXIST"], system.fs.open(path, "wx", MODE));
  if (handle !== undefined) return handle;
  await unlinkIfThere(system, path);
  return system.fs.open(path, "wx", MODE);
}

async function writeTemporary(system: System, { temporary, content }: Unwritten): Promise<void> {
  if (content === null) await giveName(system, temporary);
  else await fillDurably(await openFresh(system, temporary), content);
}

/** A directory does not give way to a rename as a file does: a leftover of an attempt that was not swept is removed. */
async function giveName(system: System, temporary: string): Promise<void> {
  await removeAll(system, temporary);
  await system.fs.rename(earlyPath(temporary), temporary);
}
