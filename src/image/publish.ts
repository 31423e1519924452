/**
 * How outputs appear: whole, and all of a task together. The worker writes each one to a hidden temporary beside
 * its destination; the daemon then renames them all. Loaded by the daemon, so it must never load sharp.
 */
import { dirname } from "node:path";
import { SpooldError } from "../errors.ts";
import { type System, syncDirectory } from "../system.ts";
import { confined } from "./confined.ts";
import { type Destination, publicationsOf } from "./destinations.ts";
import { unwritable } from "./paths.ts";
import {
  backUp,
  backupPath,
  isThere,
  leftoversOf,
  moveAside,
  type Publication,
  putBack,
  removeAll,
} from "./replace.ts";
import { earlyPath, temporaryPath } from "./temporaries.ts";

/**
 * Renames all temporaries over their final paths and makes that durable: all or none. After an error every final
 * path holds what it held before, and temporaries are gone; `unrestored` in the facts names paths where even that failed.
 * @throws OUTPUT_UNWRITABLE, PATH_OUTSIDE_ROOTS (a directory became a link), DISK_FULL, DISK_READ_ONLY, IO_ERROR
 */
export function publish(system: System, files: readonly Publication[]): Promise<void> {
  return confined(system, (inside) => publishInside(inside, files));
}

async function publishInside(system: System, files: readonly Publication[]): Promise<void> {
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
      if (file.isFolder && (await moveAside(system, file))) backedUp.add(file);
      // A folder may have been moved aside already; of a file nothing has changed before its rename has succeeded.
      if (file.isFolder) begun.push(file);
      await system.fs.rename(file.temporary, path);
      if (!file.isFolder) begun.push(file);
    }
    for (const directory of new Set(files.map((file) => dirname(file.path)))) await syncDirectory(system, directory);
  } catch (error) {
    const unrestored = await rollBack(system, begun, backedUp);
    // The first error is the one to report. What could not be put back keeps its backup: it is the only copy.
    await discard(system, files, unrestored).catch(() => undefined);
    const known = unwritable(error, { path });
    if (unrestored.length === 0) throw known;
    throw new SpooldError(known.code, { ...known.facts, unrestored }, { cause: error });
  }
  // The outputs are there, and no temporary is: a backup that cannot be removed is litter, not a failure.
  const left = files.filter((file) => backedUp.has(file) || file.holder !== undefined);
  await discard(system, left).catch(() => undefined);
}

/**
 * Removes what an attempt that did not end may have left beside the final paths of a task.
 * @param destinations of all outputs, in the task's order
 */
export async function removeTemporaries(
  system: System,
  destinations: readonly Pick<Destination, "path">[],
  tag: string,
): Promise<void> {
  const temporaries = destinations.map(({ path }, index) => temporaryPath(path, tag, index));
  const backups = temporaries.map((temporary) => backupPath({ temporary }));
  const [first = [], ...others] = temporaries.map((temporary) => [temporary, earlyPath(temporary)]);
  await confined(system, (inside) => removeInTurn(inside, [backups, others.flat(), first]));
}

/**
 * Ends what a daemon began that died while it published. Publishing renames the first temporary first. The first one
 * has its early name before there is another, and its own when all are whole: so if it has neither while there are
 * others, or if there is any backup, renaming had begun. Then the ones that are left are renamed too; else they are
 * removed. An output that is neither left nor at its final path was not renamed: a removal was broken off. A pyramid has
 * its early name while it is diced, so that its own, too, means that it is whole.
 * @param destinations of all outputs, in the task's order
 */
export async function completeOrRemove(
  system: System,
  destinations: readonly Destination[],
  tag: string,
): Promise<void> {
  const files = publicationsOf(destinations, tag);
  const [first] = files;
  const left = await Promise.all(files.map(({ temporary }) => isThere(system, temporary)));
  const backups = await Promise.all(files.map((file) => isThere(system, backupPath(file))));
  const isEarly = first !== undefined && (await isThere(system, earlyPath(first.holder ?? first.temporary)));
  const arrived = await Promise.all(files.map((file, index) => left[index] || isThere(system, file.path)));
  const isCut = backups.includes(true) || (!isEarly && left[0] === false && left.includes(true));
  const hasBegun = isCut && !arrived.includes(false);
  if (hasBegun)
    await publish(
      system,
      files.filter((_file, index) => left[index]),
    );
  await removeTemporaries(system, destinations, tag);
}

/** Puts back what was there, last renamed first. @returns paths that could not be put back */
async function rollBack(
  system: System,
  renamed: readonly Publication[],
  backedUp: ReadonlySet<Publication>,
): Promise<string[]> {
  const unrestored: string[] = [];
  for (const file of renamed.toReversed()) {
    try {
      await putBack(system, file, backedUp.has(file));
    } catch {
      // The first error is the one to report; this path goes into its facts.
      unrestored.push(file.path);
    }
  }
  return unrestored;
}

/** Removes temporaries and backups, but for what belongs to paths that could not be put back. */
async function discard(
  system: System,
  files: readonly Publication[],
  unrestored: readonly string[] = [],
): Promise<void> {
  const kept = new Set(files.filter(({ path }) => unrestored.includes(path)).flatMap(leftoversOf));
  const backups = files.filter(({ holder }) => holder === undefined).map(backupPath);
  const [first = [], ...others] = files.map(leftoversOf);
  const turns = [backups, others.flat(), first];
  await removeInTurn(
    system,
    turns.map((names) => names.filter((name) => !kept.has(name))),
  );
}

/**
 * Removes the names of each turn before those of the next, durably: whoever finds what is left of a removal that was
 * broken off, by a crash or a power cut, must not take it for renaming that had begun. So backups go first, and the
 * first temporary last.
 */
async function removeInTurn(system: System, turns: readonly (readonly string[])[]): Promise<void> {
  const left = [...turns];
  for (let turn = left.shift(); turn !== undefined; turn = left.shift()) {
    const directories = await removeEach(system, turn);
    if (left.length > 0) for (const directory of directories) await syncDirectory(system, directory);
  }
}

/** Tries all before it reports the first error. @returns the directories in which something was removed */
async function removeEach(system: System, names: readonly string[]): Promise<ReadonlySet<string>> {
  const directories = new Set<string>();
  const removals = names.map(async (name) => {
    if (await removeAll(system, name)) directories.add(dirname(name));
  });
  for (const removal of await Promise.allSettled(removals)) if (removal.status === "rejected") throw removal.reason;
  return directories;
}
