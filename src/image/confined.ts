/**
 * Changes beside outputs through directories that nobody can swap meanwhile. A path is checked, and used later: who may
 * write in a directory on the way can put a link into its place between the two. So each directory is opened, the
 * kernel is asked where it lies, and all that follows goes through that descriptor. Loaded by the daemon: no sharp here.
 */

import type { PathLike } from "node:fs";
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { SpooldError } from "../errors.ts";
import type { FileSystem, System } from "../system.ts";

/** A system whose calls on paths whose directories are links are refused. */
export interface ConfinedSystem extends System {
  /** Another path of a directory, which stays with it wherever it is moved: for libraries that open paths themselves. */
  pinned(directory: string): Promise<string>;
}

/** So many directories are kept open; of a pyramid with more of them the others are opened again for each call. */
const MAX_KEPT = 16;
const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY;

/**
 * Does work with paths whose directories have been resolved: a call on one that has become a link since is refused.
 * Only Linux tells where an open directory lies; elsewhere the directories on the way must be trusted.
 * @throws PATH_OUTSIDE_ROOTS, what the work throws
 */
export async function confined<T>(system: System, work: (system: ConfinedSystem) => Promise<T>): Promise<T> {
  if (isConfined(system)) return work(system);
  if (process.platform !== "linux") return work({ ...system, pinned: async (directory) => directory });
  const { fs } = system;
  const kept = new Map<string, Promise<FileHandle>>();
  const opened = new Set<FileHandle>();
  try {
    return await work({ ...system, fs: throughDirectories(fs, at), pinned });
  } finally {
    for (const handle of opened) await handle.close();
  }

  async function at<Result>(path: string, use: (path: string) => Promise<Result>): Promise<Result> {
    const directory = dirname(path);
    const handle = await (kept.get(directory) ?? keep(directory));
    try {
      return await use(`${procPath(handle)}/${basename(path)}`);
    } finally {
      if (!opened.has(handle)) await handle.close();
    }
  }

  function keep(directory: string): Promise<FileHandle> {
    const opening = open(directory);
    if (kept.size >= MAX_KEPT) return opening;
    const keeping = opening.then((handle) => {
      opened.add(handle);
      return handle;
    });
    kept.set(directory, keeping);
    // It may be there later: nothing is remembered of one that could not be opened.
    keeping.catch(() => kept.delete(directory));
    return keeping;
  }

  async function open(directory: string): Promise<FileHandle> {
    const handle = await fs.open(directory, DIRECTORY);
    if ((await fs.readlink(procPath(handle)).catch(() => undefined)) === directory) return handle;
    await handle.close();
    throw new SpooldError("PATH_OUTSIDE_ROOTS", { path: directory });
  }

  async function pinned(directory: string): Promise<string> {
    const handle = await at(join(directory, "entry"), (path) => fs.open(dirname(path), DIRECTORY));
    opened.add(handle);
    // Another account may have put one of its own into the place of ours, with links in it.
    if ((await handle.stat()).uid !== process.geteuid?.())
      throw new SpooldError("PATH_OUTSIDE_ROOTS", { path: directory });
    return procPath(handle);
  }
}

type At = <Result>(path: string, use: (path: string) => Promise<Result>) => Promise<Result>;

function isConfined(system: System): system is ConfinedSystem {
  return "pinned" in system;
}

function procPath({ fd }: FileHandle): string {
  return `/proc/self/fd/${fd}`;
}

/** The calls that the work on outputs makes; no last name is followed where it is a link. */
function throughDirectories(fs: FileSystem, at: At): FileSystem {
  const within = (path: PathLike): string => join(String(path), "entry");
  const open = (path: PathLike, flags?: string | number, mode?: number): Promise<FileHandle> => {
    if (typeof flags !== "number") return at(String(path), (name) => fs.open(name, flags, mode));
    // By way of itself: the directory above it may be one that is not ours to read.
    if ((flags & constants.O_DIRECTORY) !== 0) return at(within(path), (name) => fs.open(dirname(name), flags));
    return at(String(path), (name) => fs.open(name, flags | constants.O_NOFOLLOW, mode));
  };
  const calls = {
    open,
    link: (from: PathLike, to: PathLike) => at(String(from), (one) => at(String(to), (other) => fs.link(one, other))),
    lstat: (path: PathLike, options?: object) => at(String(path), (name) => fs.lstat(name, options)),
    mkdir: (path: PathLike, options?: object) => at(String(path), (name) => fs.mkdir(name, options)),
    readdir: (path: PathLike, options: object) => at(within(path), (name) => fs.readdir(dirname(name), options)),
    async readFile(path: PathLike, options?: BufferEncoding) {
      const handle = await open(path, constants.O_RDONLY);
      try {
        return await handle.readFile(options);
      } finally {
        await handle.close();
      }
    },
    rename: (from: PathLike, to: PathLike) =>
      at(String(from), (one) => at(String(to), (other) => fs.rename(one, other))),
    rmdir: (path: PathLike) => at(String(path), (name) => fs.rmdir(name)),
    unlink: (path: PathLike) => at(String(path), (name) => fs.unlink(name)),
  };
  return { ...fs, ...(calls as unknown as Pick<FileSystem, keyof typeof calls>) };
}
