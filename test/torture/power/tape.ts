import * as nodeFs from "node:fs";
import { constants } from "node:fs";
import * as promises from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import { type FileSystem, realSystem, type System } from "../../../src/system.ts";
import { realName } from "../../support/real-name.ts";
import { type Disk, type Node, newDisk, newNode } from "./disk.ts";

/** A directory whose every change is put on a disk that can lose its power, and the system that makes the changes. */
export interface Tape {
  readonly system: System;
  readonly disk: Disk;
  /** Before this moment nothing can be lost. */
  readonly beganAt: number;
}

interface TapeOptions {
  /** What the machine calls this boot. */
  readonly boot: string;
  /** Ms by which its clock is ahead of the real one. */
  readonly aheadMs: () => number;
  /** From 0 to below 1: who comes next when several are at work. */
  readonly random: () => number;
}

/** The system on which a spool is recovered: nothing is recorded, and no disk is waited for. */
export function plainSystem(base: string, { boot, aheadMs }: Omit<TapeOptions, "random">): System {
  const real = realSystem();
  const open: FileSystem["open"] = async (...args) => {
    const handle = await promises.open(...args);
    handle.sync = async () => undefined;
    return handle;
  };
  const fs = { ...real.fs, ...looks(base, boot), open };
  return { ...real, fs, nowMs: () => Date.now() + aheadMs(), watchDirectory: () => () => undefined };
}

/** Calls whose paths are told as they are, also when they go through a directory that is open. */
function byRealNames(fs: Partial<FileSystem>): Partial<FileSystem> {
  const named = Object.entries(fs).map(([name, method]) => {
    const call = (...args: unknown[]): unknown =>
      Reflect.apply(
        method,
        undefined,
        args.map((arg, at) => (at < 2 && typeof arg === "string" ? realName(arg) : arg)),
      );
    return [name, call] as const;
  });
  return Object.fromEntries(named);
}

/** Begins to record what is done in a directory. What lies there now counts as durable. */
export function recordDisk(base: string, options: TapeOptions): Tape {
  const { random } = options;
  const disk = newDisk();
  const nodes = new Map<string, Node>([[base, disk.root]]);
  const inodes = new Map<number, Node>();
  scan(base);
  for (const node of new Set(nodes.values())) disk.fsync(node);
  const beganAt = disk.now();
  const plain = plainSystem(base, options);
  return {
    disk,
    beganAt,
    system: {
      ...plain,
      random,
      fs: { ...plain.fs, ...slowed({ ...byRealNames(changing()), ...looks(base, options.boot) }) },
    },
  };

  function scan(directory: string): void {
    for (const name of nodeFs.readdirSync(directory)) {
      const path = join(directory, name);
      const stat = nodeFs.lstatSync(path);
      const known = inodes.get(stat.ino);
      const kind = stat.isDirectory() ? "directory" : stat.isSymbolicLink() ? "link" : "file";
      const target = kind === "link" ? nodeFs.readlinkSync(path) : "";
      const node = known ?? newNode(kind, { target, ...(kind === "file" && { before: nodeFs.readFileSync(path) }) });
      inodes.set(stat.ino, node);
      place(path, node);
      if (kind === "directory") scan(path);
    }
  }

  function place(path: string, node: Node): void {
    const directory = nodes.get(dirname(path));
    // Outside, or in what is not recorded: locks of the library.
    if (directory === undefined) return;
    disk.change([{ directory, name: basename(path), node, was: nodes.get(path) ?? null }]);
    nodes.set(path, node);
  }

  function remove(path: string): void {
    const [node, directory] = [nodes.get(path), nodes.get(dirname(path))];
    if (node === undefined || directory === undefined) return;
    disk.change([{ directory, name: basename(path), node: null, was: node }]);
    nodes.delete(path);
  }

  /** Changes are made at once, so that they are recorded in the order in which they happen. */
  function changing(): Partial<FileSystem> {
    return {
      link: async (from, to) => {
        nodeFs.linkSync(from, to);
        const node = nodes.get(String(from));
        if (node !== undefined) place(String(to), node);
      },
      mkdir: (async (path: string, how?: nodeFs.MakeDirectoryOptions) => {
        const made = nodeFs.mkdirSync(path, how);
        if (how?.recursive !== true) place(path, newNode("directory"));
        else for (const each of lineOf(path)) if (!nodes.has(each)) place(each, newNode("directory"));
        return made;
      }) as FileSystem["mkdir"],
      rename: async (from, to) => {
        nodeFs.renameSync(from, to);
        moveNode(String(from), String(to));
      },
      rm: async (path, how) => {
        const below = [...nodes.keys()].filter((each) => each === path || each.startsWith(`${path}/`));
        nodeFs.rmSync(path, how);
        for (const each of below.sort().reverse()) remove(each);
      },
      rmdir: async (path) => {
        nodeFs.rmdirSync(path);
        remove(String(path));
      },
      symlink: async (target, path) => {
        nodeFs.symlinkSync(target, path);
        place(String(path), newNode("link", { target: String(target) }));
      },
      unlink: async (path) => {
        nodeFs.unlinkSync(path);
        remove(String(path));
      },
      // Of a directory without the slash that it may end with.
      open: async (path, flags, mode) => openTaped(resolve(String(path)), flags, mode),
    };
  }

  /** The path and those above it, from the base on. */
  function lineOf(path: string): string[] {
    return path === base || !path.startsWith(base) ? [] : [...lineOf(dirname(path)), path];
  }

  function moveNode(from: string, to: string): void {
    const node = nodes.get(from);
    const [left, entered] = [nodes.get(dirname(from)), nodes.get(dirname(to))];
    if (node === undefined || left === undefined || entered === undefined) return;
    disk.change([
      { directory: left, name: basename(from), node: null, was: node },
      { directory: entered, name: basename(to), node, was: nodes.get(to) ?? null },
    ]);
    for (const [path, each] of [...nodes]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      nodes.delete(path);
      nodes.set(to + path.slice(from.length), each);
    }
  }

  async function openTaped(path: string, flags?: string | number, mode?: nodeFs.Mode): Promise<promises.FileHandle> {
    const wasThere = nodeFs.existsSync(path);
    const handle = await promises.open(path, flags, mode);
    if (!wasThere) place(path, newNode("file"));
    const node = nodes.get(path);
    if (node === undefined) return handle;
    const isCut = flags === "w" || (typeof flags === "number" && (flags & constants.O_TRUNC) !== 0);
    if (wasThere && isCut) disk.write(node, 0, null);
    return tapedHandle(handle, node);
  }

  function tapedHandle(handle: promises.FileHandle, node: Node): promises.FileHandle {
    const write = handle.write.bind(handle);
    const [writeFile, truncate] = [handle.writeFile.bind(handle), handle.truncate.bind(handle)];
    const taped = {
      async writeFile(data: string | Uint8Array) {
        await writeFile(data);
        disk.write(node, 0, Buffer.from(data));
      },
      async write(data: string, offset: number) {
        disk.write(node, offset, Buffer.from(data));
        return write(data, offset);
      },
      async truncate(length = 0) {
        disk.write(node, length, null);
        return truncate(length);
      },
      async sync() {
        if (random() < 0.5) await breathe();
        disk.fsync(node);
      },
    };
    return Object.assign(handle, taped);
  }

  /** Lets others go first, sometimes. */
  function slowed(fs: Partial<FileSystem>): Partial<FileSystem> {
    const calls = Object.entries(fs).map(([name, call]) => {
      const later = async (...args: unknown[]): Promise<unknown> => {
        while (random() < 0.3) await breathe();
        return Reflect.apply(call, fs, args);
      };
      return [name, later];
    });
    return Object.fromEntries(calls) as Partial<FileSystem>;
  }
}

/** What would tell that the machine, or the directory, is another one than before the loss. */
function looks(base: string, boot: string): Pick<FileSystem, "readFile" | "lstat"> {
  const readFile = async (path: string, how?: BufferEncoding): Promise<string | Buffer> =>
    path === "/proc/sys/kernel/random/boot_id" ? boot : promises.readFile(path, how);
  const lstat = async (path: string, how?: nodeFs.StatOptions): Promise<nodeFs.Stats | nodeFs.BigIntStats> => {
    const stat = await promises.lstat(path, how);
    // The tag of a spool's temporaries is made of its inode.
    return path === join(base, "spool") && how === undefined ? Object.assign(stat, { ino: 1 }) : stat;
  };
  return { readFile, lstat } as Pick<FileSystem, "readFile" | "lstat">;
}
