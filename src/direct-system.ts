/**
 * The file system without the way to another thread and back, which takes several times as long as what is done there:
 * what only touches names, opens, closes, reads a little or fills the page cache is done at once. What reads or lists much
 * lets others have their turn, and fsync waits elsewhere.
 */
import {
  closeSync,
  constants,
  type Dirent,
  fchownSync,
  fstatSync,
  fsync,
  linkSync,
  lstatSync,
  type MakeDirectoryOptions,
  mkdirSync,
  type OpenDirOptions,
  opendirSync,
  openSync,
  type PathLike,
  read,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  type StatOptions,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import type { FileHandle } from "node:fs/promises";
import * as promises from "node:fs/promises";
import { setImmediate as othersTurn } from "node:timers/promises";
import { promisify } from "node:util";
import { type FileSystem, realSystem, type System } from "./system.ts";

/**
 * The real clock, and a file system for a process that does nothing but work on a spool, and for the moment in which a
 * task is committed. Not for what looks at many files in a program that has others to serve, nor for a network
 * file system, where a call may take seconds.
 */
export function directSystem(): System {
  const open = createOpen();
  const direct = {
    link: async (existing: PathLike, path: PathLike) => linkSync(existing, path),
    lstat: async (path: PathLike, options?: StatOptions) => lstatSync(path, options),
    mkdir: async (path: PathLike, options?: MakeDirectoryOptions) => mkdirSync(path, options),
    open,
    opendir: async (path: PathLike, options?: OpenDirOptions) => listed(String(path), options),
    readlink: async (path: PathLike) => readlinkSync(path),
    realpath: async (path: PathLike) => realpathSync.native(path),
    rename: async (from: PathLike, to: PathLike) => renameSync(from, to),
    rmdir: async (path: PathLike) => rmdirSync(path),
    unlink: async (path: PathLike) => unlinkSync(path),
  };
  const fs = { ...promises, ...(direct as unknown as Pick<FileSystem, keyof typeof direct>) };
  return { ...realSystem(), fs, withCallbacks: callbacks() };
}

/** What the library of the add lock asks for. It keeps what it learns of the clock of files in this object. */
function callbacks(): object {
  return {
    mkdir: (path: string, done: Done) => settle(() => mkdirSync(path), done),
    rmdir: (path: string, done: Done) => settle(() => rmdirSync(path), done),
    stat: (path: string, done: Done) => settle(() => statSync(path), done),
    utimes: (path: string, atime: Date, mtime: Date, done: Done) => settle(() => utimesSync(path, atime, mtime), done),
  };
}

type Done = (error: unknown, result?: unknown) => void;

function settle(work: () => unknown, done: Done): void {
  let result: unknown;
  try {
    result = work();
  } catch (error) {
    return done(error);
  }
  done(null, result);
}

/**
 * The same for a command that looks through a whole spool and has nothing else to do: small files are read at once, too,
 * in a fifth of the time.
 */
export function lookingSystem(): System {
  const direct = directSystem();
  const readFile = async (path: PathLike, options?: BufferEncoding): Promise<string | Buffer> =>
    readFileSync(path, options);
  return { ...direct, fs: { ...direct.fs, readFile: readFile as FileSystem["readFile"] } };
}

/** After so many names in one go others get their turn: a directory may hold a million. */
const NAMES_IN_A_GO = 1_024;

/** Opens a directory at once, so that this can fail at once; whoever leaves the loop over it closes it. */
function listed(path: string, options: OpenDirOptions = {}): AsyncIterable<Dirent> {
  const directory = opendirSync(path, options);
  return (async function* () {
    try {
      for (let count = 1; ; count++) {
        const entry = directory.readSync();
        if (entry === null) return;
        yield entry;
        if (count % NAMES_IN_A_GO === 0) await othersTurn();
      }
    } finally {
      directory.closeSync();
    }
  })();
}

/** After so many files in one go others get their turn: a backlog is read file by file. */
const FILES_IN_A_GO = 64;

/**
 * What may be opened by this thread: files that are made, directories, and what is opened without waiting for anybody,
 * so that a pipe hangs nothing.
 */
function createOpen(): (path: PathLike, flags?: string | number, mode?: number) => Promise<FileHandle> {
  const waitsForNobody = constants.O_DIRECTORY | constants.O_NONBLOCK;
  let opened = 0;
  return async (path, flags, mode) => {
    const isBrief = typeof flags === "number" ? (flags & waitsForNobody) !== 0 : flags === "wx";
    if (!isBrief) return promises.open(path, flags, mode);
    opened += 1;
    if (opened % FILES_IN_A_GO === 0) await othersTurn();
    return new DirectFile(openSync(path, flags ?? "r", mode)) as BriefHandle as FileHandle;
  };
}

/** Up to so many bytes are read by this thread. */
const LITTLE_BYTES = 128 * 1_024;

const [fsyncElsewhere, readElsewhere] = [promisify(fsync), promisify(read)];

/** What is asked of a small file or of a directory, in the forms below: a `FileHandle` for those who ask no more. */
type BriefHandle = Pick<FileHandle, "fd" | "writeFile" | "chown" | "sync" | "close"> &
  Record<"read" | "readFile" | "write" | "stat", unknown>;

/** A file under a descriptor, without the object that another thread would have to make. */
class DirectFile {
  #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** -1 once it is closed: the number may mean another file by then. */
  get fd(): number {
    return this.#fd;
  }

  async read(buffer: Buffer, offset: number, length: number, position: number | null): Promise<unknown> {
    if (length > LITTLE_BYTES) return readElsewhere(this.#fd, buffer, offset, length, position);
    return { bytesRead: readSync(this.#fd, buffer, offset, length, position), buffer };
  }

  /** Whoever asks for all of it has looked how large it is. */
  async readFile(options?: BufferEncoding): Promise<string | Buffer> {
    return readFileSync(this.#fd, options);
  }

  async write(text: string, position: number): Promise<unknown> {
    return { bytesWritten: writeSync(this.#fd, text, position), buffer: text };
  }

  async writeFile(data: string | Uint8Array): Promise<void> {
    writeFileSync(this.#fd, data);
  }

  async chown(uid: number, gid: number): Promise<void> {
    fchownSync(this.#fd, uid, gid);
  }

  async stat(options?: StatOptions): Promise<unknown> {
    return fstatSync(this.#fd, options);
  }

  async sync(): Promise<void> {
    await fsyncElsewhere(this.#fd);
  }

  async close(): Promise<void> {
    const fd = this.#fd;
    this.#fd = -1;
    if (fd !== -1) closeSync(fd);
  }
}
