/** Troubles that are real: full and read-only file systems, limits of the system, permissions. As root, on Linux. */
import { spawnSync } from "node:child_process";
import { chmod, cp, mkdir, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Lane } from "../crash/lane.ts";
import type { Reaction } from "./cells.ts";

/** One trouble that a daemon meets while it works. */
export interface Trouble {
  readonly name: string;
  readonly expected: Reaction;
  /** What is put before the program, so that the trouble can come. */
  readonly prefix?: readonly string[];
  /** Before the daemon starts. */
  readonly prepare?: (lane: Lane) => Promise<void>;
  /** @param pid of the daemon */
  readonly bring: (lane: Lane, pid: number) => Promise<void>;
  readonly take: (lane: Lane, pid: number) => Promise<void>;
  /** After all, whatever happened. */
  readonly clear?: (lane: Lane) => void;
}

/** Why real troubles cannot be brought here; undefined when they can. */
export function untroubled(): string | undefined {
  if (process.geteuid?.() !== 0) return "real troubles want root: tmpfs, read-only mounts, limits";
  const missing = ["mount", "umount", "unshare", "setpriv", "prlimit"].find(
    (tool) => spawnSync(tool, ["--version"]).error !== undefined,
  );
  return missing === undefined ? undefined : `${missing} is not installed`;
}

type Part = "spool" | "out";

const pathOf = ({ work }: Lane, part: Part): string => join(work, part);
const ballastOf = (lane: Lane, part: Part): string => join(pathOf(lane, part), ".ballast");

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
}

/** Puts a part of a lane on a small file system of its own. */
function onTmpfs(part: Part, options: string): Pick<Trouble, "prepare" | "clear"> {
  return {
    async prepare(lane) {
      const path = pathOf(lane, part);
      const aside = `${path}.aside`;
      await cp(path, aside, { recursive: true });
      run("mount", "-t", "tmpfs", "-o", `${options},mode=0700`, "tmpfs", path);
      await cp(aside, path, { recursive: true });
      await rm(aside, { recursive: true });
    },
    clear: (lane) => void spawnSync("umount", ["-l", pathOf(lane, part)]),
  };
}

/** Fills a file system up to its last page. @param spared bytes that are left free again */
async function fill(path: string, spared = 0): Promise<void> {
  const page = Buffer.alloc(4_096, 1);
  let size = 0;
  for (const flag of Array.from({ length: 100_000 }, () => "a")) {
    const isWritten = await writeFile(path, page, { flag }).then(
      () => true,
      () => false,
    );
    if (!isWritten) break;
    size += page.length;
  }
  await truncate(path, size - spared);
}

function full(part: Part, name: string, spared = 0): Trouble {
  return {
    name,
    expected: "paused DISK_FULL",
    ...onTmpfs(part, "size=1m"),
    bring: (lane) => fill(ballastOf(lane, part), spared),
    take: (lane) => rm(ballastOf(lane, part)),
  };
}

function withoutInodes(part: Part, name: string): Trouble {
  const directory = (lane: Lane): string => `${ballastOf(lane, part)}.d`;
  return {
    name,
    expected: "paused DISK_FULL",
    ...onTmpfs(part, "size=4m,nr_inodes=200"),
    async bring(lane) {
      await mkdir(directory(lane));
      for (let count = 0; count < 300; count++)
        if (
          !(await writeFile(join(directory(lane), `${count}`), "").then(
            () => true,
            () => false,
          ))
        )
          return;
    },
    take: (lane) => rm(directory(lane), { recursive: true }),
  };
}

const MOST_TRIES = 100;
const TRY_AGAIN_MS = 10;

function readOnly(part: Part, name: string): Trouble {
  const remount = (lane: Lane, how: string): void => run("mount", "-o", `remount,bind,${how}`, pathOf(lane, part));
  return {
    name,
    expected: "paused DISK_READ_ONLY",
    prepare: async (lane) => run("mount", "--bind", pathOf(lane, part), pathOf(lane, part)),
    async bring(lane) {
      // As long as somebody has a file open for writing there, it is busy.
      for (let tries = 1; ; tries++)
        try {
          return remount(lane, "ro");
        } catch (error) {
          if (tries === MOST_TRIES) throw error;
          await sleep(TRY_AGAIN_MS);
        }
    },
    take: async (lane) => remount(lane, "rw"),
    clear: (lane) => void spawnSync("umount", ["-l", pathOf(lane, part)]),
  };
}

/** Root without the right to pass over permissions. */
const WITHOUT_RIGHTS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];

function forbidden(where: string, name: string, expected: Reaction): Trouble {
  return {
    name,
    expected,
    prefix: WITHOUT_RIGHTS,
    bring: ({ work }) => chmod(join(work, where), 0),
    take: ({ work }) => chmod(join(work, where), 0o700),
  };
}

/** In a user namespace of its own, where the limit is this. */
function limited(limit: string, count: number, name: string): Trouble {
  const set = `echo ${count} > /proc/sys/user/${limit} && exec "$@"`;
  return {
    name,
    expected: "absorbed",
    prefix: ["unshare", "--user", "--map-root-user", "sh", "-c", set, "sh"],
    bring: async () => undefined,
    take: async () => undefined,
  };
}

const noDescriptors: Trouble = {
  name: "no descriptor is left",
  expected: "paused RESOURCES_SHORT",
  async bring(_lane, pid) {
    // The lowest free one is not to be had either.
    const used = (await readdir(`/proc/${pid}/fd`)).map(Number).sort((a, b) => a - b);
    const free = used.findIndex((fd, index) => fd !== index);
    run("prlimit", "--pid", String(pid), `--nofile=${free < 0 ? used.length : free}:4096`);
  },
  take: async (_lane, pid) => void spawnSync("prlimit", ["--pid", String(pid), "--nofile=4096:4096"]),
};

export const TROUBLES: readonly Trouble[] = [
  full("spool", "the spool's disk is full"),
  full("spool", "the spool's disk has one page left", 4_096),
  withoutInodes("spool", "the spool's disk has no inode left"),
  readOnly("spool", "the spool is read-only"),
  full("out", "the disk of the outputs is full"),
  full("out", "the disk of the outputs has one page left, so that writes fall short", 4_096),
  withoutInodes("out", "the disk of the outputs has no inode left"),
  readOnly("out", "the outputs are read-only"),
  forbidden("out", "the directory of the outputs is forbidden", "failed OUTPUT_UNWRITABLE"),
  forbidden("pictures/0.jpg", "a source is forbidden", "failed SOURCE_UNREADABLE"),
  forbidden("spool/active", "active/ is forbidden", "ended IO_ERROR"),
  forbidden("spool/done", "done/ is forbidden", "ended IO_ERROR"),
  noDescriptors,
  limited("max_inotify_instances", 0, "no inotify instance is to be had"),
  limited("max_inotify_watches", 0, "no inotify watch is to be had"),
];
