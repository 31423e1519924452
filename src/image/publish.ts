/**
 * How outputs appear: whole, and all of a task together. The worker writes each one to a hidden temporary beside
 * its destination; the daemon then renames them all. Loaded by the daemon, so it must never load sharp.
 */
import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf, SpooldError } from "../errors.ts";
import { fillDurably, ignoring, type System, syncDirectory, unlinkIfThere, writeDurably } from "../system.ts";
import { TEMPORARY_PREFIX, unwritable } from "./paths.ts";

/** An output that is written and fsynced, but not there yet. Both paths are absolute, in one directory. */
export interface Publication {
  readonly temporary: string;
  readonly path: string;
}

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
  readonly content: Uint8Array;
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
  const early = others.length === 0 ? first : { ...first, temporary: earlyPath(first) };
  try {
    // Its name is there before any other is.
    const handle = await openFresh(system, early.temporary);
    const writing = [fillDurably(handle, first.content), ...others.map((file) => writeTemporary(system, file))];
    // All have ended before an error is told: none may still be writing when the caller cleans up.
    for (const one of await Promise.allSettled(writing)) if (one.status === "rejected") throw one.reason;
    if (others.length > 0) await system.fs.rename(early.temporary, first.temporary);
  } catch (error) {
    throw unwritable(error, { path: dirname(first.temporary) });
  }
}

/**
 * Renames all temporaries over their final paths and makes that durable: all or none. After an error every final
 * path holds what it held before, and temporaries are gone; `unrestored` in the facts names paths where even that failed.
 * @throws OUTPUT_UNWRITABLE, PATH_OUTSIDE_ROOTS (a directory became a link), DISK_FULL, DISK_READ_ONLY, IO_ERROR
 */
export async function publish(system: System, files: readonly Publication[]): Promise<void> {
  const begun: Publication[] = [];
  const backedUp = new Set<Publication>();
  let path = files[0]?.path ?? "";
  try {
    for (const file of files) {
      path = file.path;
      if (await backUp(system, file)) backedUp.add(file);
    }
    for (const file of files) {
      path = file.path;
      await system.fs.rename(file.temporary, path);
      begun.push(file);
    }
    for (const directory of new Set(files.map((file) => dirname(file.path)))) await syncDirectory(system, directory);
  } catch (error) {
    const unrestored = await rollBack(system, begun, backedUp);
    // The first error is the one to report. What could not be put back keeps its backup: it is the only copy.
    await discard(
      system,
      files.filter((file) => !unrestored.includes(file.path)),
    ).catch(() => undefined);
    const known = unwritable(error, { path });
    if (unrestored.length === 0) throw known;
    throw new SpooldError(known.code, { ...known.facts, unrestored }, { cause: error });
  }
  // The outputs are there: a backup that cannot be removed is litter, not a failure.
  await discard(system, files).catch(() => undefined);
}

/**
 * Removes what an attempt that did not end may have left beside the final paths of a task.
 * @param finalPaths of all outputs, in the task's order
 */
export async function removeTemporaries(system: System, finalPaths: readonly string[], tag: string): Promise<void> {
  const files = finalPaths.map((path, index) => ({ path, temporary: temporaryPath(path, tag, index) }));
  await discardAll(system, files);
}

/**
 * Ends what a daemon began that died while it published. Publishing renames the first temporary first. The first one
 * has its early name before there is another, and its own when all are whole: so if it has neither while there are
 * others, or if there is any backup, renaming had begun. Then the ones that are left are renamed too; else they are
 * removed.
 * @param finalPaths of all outputs, in the task's order
 */
export async function completeOrRemove(system: System, finalPaths: readonly string[], tag: string): Promise<void> {
  const files = finalPaths.map((path, index) => ({ path, temporary: temporaryPath(path, tag, index) }));
  const isThere = async (path: string): Promise<boolean> =>
    (await ignoring(["ENOENT", "ENOTDIR"], system.fs.lstat(path))) !== undefined;
  const left = await Promise.all(files.map(({ temporary }) => isThere(temporary)));
  const backups = await Promise.all(files.map((file) => isThere(backupPath(file))));
  const isEarly = files[0] !== undefined && (await isThere(earlyPath(files[0])));
  const hasBegun = backups.includes(true) || (!isEarly && left[0] === false && left.includes(true));
  if (hasBegun)
    await publish(
      system,
      files.filter((_file, index) => left[index]),
    );
  await discardAll(system, files);
}

/** Under which name the first of several temporaries is written. */
function earlyPath({ temporary }: { readonly temporary: string }): string {
  return `${temporary}.early`;
}

async function openFresh(system: System, path: string): Promise<FileHandle> {
  await unlinkIfThere(system, path);
  // The published file keeps this mode: what the account's umask leaves of it, as for any file a program saves.
  return system.fs.open(path, "wx", 0o666);
}

async function writeTemporary(system: System, { temporary, content }: Unwritten): Promise<void> {
  await fillDurably(await openFresh(system, temporary), content);
}

function backupPath({ temporary }: Publication): string {
  return `${temporary}.old`;
}

/** Keeps what lies at a final path under a second name. @returns whether anything lay there */
async function backUp(system: System, file: Publication): Promise<boolean> {
  const { fs } = system;
  const directory = dirname(file.path);
  // The path was resolved before the work began; somebody may have put a link into it since.
  if ((await fs.realpath(directory)) !== directory) throw new SpooldError("PATH_OUTSIDE_ROOTS", { path: file.path });
  const present = await ignoring(["ENOENT"], fs.lstat(file.path));
  if (present === undefined) return false;
  if (present.isDirectory())
    throw new SpooldError("OUTPUT_UNWRITABLE", { path: file.path, because: "a directory has this name" });
  const backup = backupPath(file);
  await unlinkIfThere(system, backup);
  try {
    await fs.link(file.path, backup);
  } catch (error) {
    // File systems without hard links, and kernels that forbid links to other people's files: a copy does as well.
    if (!present.isFile() || !UNLINKABLE.has(errnoOf(error) ?? "")) throw error;
    await writeDurably(system, backup, await fs.readFile(file.path), { mode: present.mode & 0o777 });
  }
  return true;
}

const UNLINKABLE: ReadonlySet<string> = new Set(["EPERM", "EMLINK", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/** Puts back what was there, last renamed first. @returns paths that could not be put back */
async function rollBack(
  system: System,
  renamed: readonly Publication[],
  backedUp: ReadonlySet<Publication>,
): Promise<string[]> {
  const unrestored: string[] = [];
  for (const file of renamed.toReversed()) {
    try {
      if (backedUp.has(file)) await system.fs.rename(backupPath(file), file.path);
      else await unlinkIfThere(system, file.path);
    } catch {
      // The first error is the one to report; this path goes into its facts.
      unrestored.push(file.path);
    }
  }
  return unrestored;
}

/** Removes all that can be left of the outputs of a task. */
async function discardAll(system: System, files: readonly Publication[]): Promise<void> {
  const [first] = files;
  if (first !== undefined) await ignoring(["ENOENT", "ENOTDIR"], system.fs.unlink(earlyPath(first)));
  await discard(system, files);
}

/** Removes temporaries and backups; tries all before it reports the first error. */
async function discard(system: System, files: readonly Publication[]): Promise<void> {
  const names = files.flatMap((file) => [file.temporary, backupPath(file)]);
  const removals = names.map((name) => ignoring(["ENOENT", "ENOTDIR"], system.fs.unlink(name)));
  for (const removal of await Promise.allSettled(removals)) if (removal.status === "rejected") throw removal.reason;
}
