/** Where the spool and the pictures lie, and how much room there is. */
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { toSpooldError } from "../../errors.ts";
import { resolveRoots } from "../../image/paths.ts";
import { checkSpool } from "../../spool/layout.ts";
import { size } from "../output.ts";
import { bad, badBecause, type DoctorContext, type Hint, ok, warn } from "./hint.ts";

interface Kind {
  readonly name: string;
  readonly is?: "network" | "memory" | "layer";
}

/** By the magic numbers of Linux' `statfs`. */
const KINDS: Readonly<Record<number, Kind>> = {
  61267: { name: "ext4" },
  1481003842: { name: "xfs" },
  2435016766: { name: "btrfs" },
  801189825: { name: "zfs" },
  4076150800: { name: "f2fs" },
  2035054128: { name: "overlay", is: "layer" },
  16914836: { name: "tmpfs", is: "memory" },
  2240043254: { name: "ramfs", is: "memory" },
  26985: { name: "nfs", is: "network" },
  20859: { name: "smb", is: "network" },
  4283649346: { name: "cifs", is: "network" },
  4266872130: { name: "smb2", is: "network" },
  1702057286: { name: "fuse", is: "network" },
  16914839: { name: "9p", is: "network" },
  1397113167: { name: "afs", is: "network" },
  12805120: { name: "ceph", is: "network" },
};

const DRAWBACKS = {
  memory: ["which is memory", "move the spool to a disk: here tasks do not survive a reboot"],
  layer: ["a container's own layer", "mount a volume: here tasks are gone with the container"],
  network: [
    "a network",
    "use a local disk: here the daemon looks once a second, and cannot tell whether one on another machine has died",
  ],
} as const;

/** @param magic as `statfs` tells it */
export function judgeKind(magic: number): Hint {
  const { name, is }: Kind = KINDS[magic] ?? { name: `0x${magic.toString(16)}` };
  if (is === undefined) return ok("file system", name);
  const [tells, todo] = DRAWBACKS[is];
  return warn("file system", `${name}, ${tells}`, todo);
}

/** What `statfs` tells of one file system. */
export interface Room {
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly freeFiles: number;
  /** 0 where files are not counted. */
  readonly totalFiles: number;
}

export function judgeRoom(what: string, { freeBytes, totalBytes, freeFiles, totalFiles }: Room): readonly Hint[] {
  const space = `${size(freeBytes)} of ${size(totalBytes)} free`;
  const files = `${freeFiles} of ${totalFiles} inodes free`;
  const free = "free some space, or move it: a full disk pauses the daemon";
  const few = freeBytes < 1024 * MEBIBYTE && freeBytes < totalBytes / 10;
  const hints = [freeBytes < 64 * MEBIBYTE ? bad(what, space, free) : few ? warn(what, space, free) : ok(what, space)];
  if (totalFiles === 0) return hints;
  const fewer = "remove small files, `spoold prune` does it for receipts: each task is a file";
  if (freeFiles < 1_000) hints.push(bad(what, files, fewer));
  else if (freeFiles < totalFiles / 20) hints.push(warn(what, files, fewer));
  return hints;
}

const MEBIBYTE = 1_048_576;

export async function fileSystemHints(context: DoctorContext): Promise<readonly Hint[]> {
  const { system, settings, place } = context;
  const hints = [await spoolHint(context)];
  if (process.platform === "linux") hints.push(judgeKind((await system.fs.statfs(place)).type));
  hints.push(...judgeRoom("room for the spool", await roomOf(context, place)));
  for (const root of settings.roots) hints.push(...(await rootHints(context, root)));
  return hints;
}

async function spoolHint({ system, layout, place }: DoctorContext): Promise<Hint> {
  if (place !== layout.root)
    return warn("spool", `none at ${layout.root} yet`, "the first `spoold add` or `start` makes it");
  try {
    await checkSpool(system, layout);
    return ok("spool", `${layout.root}, whole and on one file system`);
  } catch (error) {
    return badBecause("spool", error);
  }
}

async function rootHints(context: DoctorContext, root: string): Promise<readonly Hint[]> {
  const what = "root";
  try {
    const [real = root] = await resolveRoots(context.system, [root]);
    const room = judgeRoom(`room in ${root}`, await roomOf(context, real));
    const isWritable = await access(real, constants.W_OK).then(
      () => true,
      () => false,
    );
    if (isWritable) return [ok(what, real), ...room];
    return [
      warn(what, `${real}, where this account may not write`, "outputs must lie in directories of its own"),
      ...room,
    ];
  } catch (error) {
    return [bad(what, toSpooldError(error).message, "make it, or name another with --root")];
  }
}

async function roomOf({ system }: DoctorContext, path: string): Promise<Room> {
  const { bavail, bsize, blocks, ffree, files } = await system.fs.statfs(path);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, freeFiles: ffree, totalFiles: files };
}
