/**
 * How what lies at a final path is kept while something new takes its place, and how it comes back. A file is kept
 * under a second name, and a rename replaces it with no gap. A directory cannot be replaced by a rename: it is moved
 * aside and the new one moved in, so that for a moment neither is there; but never half of one.
 */
import { basename, dirname, join } from "node:path";
import { errnoOf, SpooldError } from "../errors.ts";
import { ignoring, type System, unlinkIfThere, writeDurably } from "../system.ts";
import { TEMPORARY_PREFIX } from "./paths.ts";
import { requireTileFolder } from "./tile-folder.ts";

/** An output that is written and fsynced, but not there yet. Both paths are absolute. */
export interface Publication {
  /** Beside the final path, or in a hidden directory beside it. */
  readonly temporary: string;
  readonly path: string;
  /** The hidden directory that the temporary lies in, if any. */
  readonly holder?: string;
  /** Whether it is a folder of tiles. */
  readonly isFolder?: true;
}

/** Under which name the old content of a final path is kept until all outputs are there. */
export function backupPath({ temporary }: Pick<Publication, "temporary">): string {
  return `${temporary}.old`;
}

/** What a publication leaves beside its final path; what lies in a hidden directory goes with it. */
export function leftoversOf(file: Publication): readonly string[] {
  return file.holder === undefined ? [file.temporary, backupPath(file)] : [file.holder];
}

/**
 * Looks whether a final path may be replaced, and keeps a file that lies there under a second name.
 * @returns whether a file lay there
 * @throws PATH_OUTSIDE_ROOTS, OUTPUT_UNWRITABLE, or what the file system reports
 */
export async function backUp(system: System, file: Publication): Promise<boolean> {
  const { fs } = system;
  const directory = dirname(file.path);
  // The path was resolved before the work began; somebody may have put a link into it since.
  if ((await fs.realpath(directory)) !== directory) throw new SpooldError("PATH_OUTSIDE_ROOTS", { path: file.path });
  if (file.isFolder) {
    await requireTileFolder(system, file.path);
    return false;
  }
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

/** Moves an old folder out of the way of a new one. @returns whether there is one to be put back after an error */
export async function moveAside(system: System, folder: Publication): Promise<boolean> {
  const { fs } = system;
  const backup = backupPath(folder);
  if (!(await isThere(system, folder.path))) {
    // A daemon may have died when it had just moved the old one: then that is the one to put back.
    return isThere(system, backup);
  }
  await removeTree(system, backup);
  await fs.rename(folder.path, backup);
  return true;
}

/** Undoes one rename, or the half of a folder's that was done. */
export async function putBack(system: System, file: Publication, wasThere: boolean): Promise<void> {
  const { fs } = system;
  if (file.isFolder) {
    // Back to its temporary, which is removed later: removing a thousand tiles in place would show them going.
    if (!(await isThere(system, file.temporary))) await ignoring(["ENOENT"], fs.rename(file.path, file.temporary));
    if (wasThere) await fs.rename(backupPath(file), file.path);
  } else if (wasThere) {
    await fs.rename(backupPath(file), file.path);
  } else {
    await unlinkIfThere(system, file.path);
  }
}

/** Whether anything has this name, a dead link too. */
export async function isThere({ fs }: System, path: string): Promise<boolean> {
  return (await ignoring(["ENOENT", "ENOTDIR"], fs.lstat(path))) !== undefined;
}

/**
 * Removes a file or a link, and a directory with all that is in it when its name is that of a temporary; no link is
 * followed.
 * @returns false when it was gone already
 */
export async function removeAll(system: System, path: string): Promise<boolean> {
  try {
    await system.fs.unlink(path);
  } catch (error) {
    const name = errnoOf(error);
    if (name === "ENOENT" || name === "ENOTDIR") return false;
    // Linux says EISDIR of a directory, macOS EPERM; of a file that may not be removed `rm` says the same again.
    const isDirectory = name === "EISDIR" || name === "EPERM";
    if (!isDirectory || !basename(path).startsWith(TEMPORARY_PREFIX)) throw error;
    await removeTree(system, path);
  }
  return true;
}

/** A worker that is being killed may write one more tile while its directory is removed. */
const MAX_TRIES = 4;

/** Removes a directory with all that is in it, name by name: `rm` would follow a link that somebody puts there meanwhile. */
async function removeTree(system: System, directory: string): Promise<void> {
  const { fs } = system;
  for (let tries = 1; ; tries++) {
    try {
      for (const entry of await fs.readdir(directory, { withFileTypes: true })) {
        const path = join(directory, entry.name);
        await (entry.isDirectory() ? removeTree(system, path) : unlinkIfThere(system, path));
      }
      return await fs.rmdir(directory);
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return;
      if (errnoOf(error) !== "ENOTEMPTY" || tries === MAX_TRIES) throw error;
    }
  }
}
