/** What sharp has written as a pyramid, made durable and told in figures. */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { basename, join } from "node:path";
import { type System, syncDirectory } from "../system.ts";
import type { Destination } from "./destinations.ts";

/** A pyramid on disk. */
export interface Settled {
  /** Of all files together. */
  readonly bytes: number;
  readonly files: number;
  /** Of a single file that of its bytes; else as `OutputFile.sha256` says. */
  readonly sha256: string;
}

interface DigestedFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Makes a file durable and reads it back. */
export async function settleFile(system: System, path: string): Promise<Settled> {
  const { bytes, sha256 } = await settle(system, path, "");
  return { bytes, files: 1, sha256 };
}

/**
 * Makes a directory of tiles durable, with all that is in it, and reads it back.
 * @param rename gives the name under which a file is digested, from its path in the directory, with `/`
 */
export async function settleFolder(
  system: System,
  directory: string,
  rename: (name: string) => string,
): Promise<Settled> {
  return settledOf(await settleBelow(system, directory, rename));
}

/**
 * Makes an output durable where it has appeared, be it one file or a pyramid, and reads it back.
 * @param folder of its tiles, or null
 */
export async function settlePlaced(
  system: System,
  { path, folder }: Pick<Destination, "path" | "folder">,
): Promise<Settled> {
  if (folder === null) return settleFile(system, path);
  const tiles = await settleBelow(system, folder, (name) => `${basename(folder)}/${name}`);
  const index = folder === path ? [] : [await settle(system, path, basename(path))];
  return settledOf([...tiles, ...index]);
}

async function settleBelow(
  system: System,
  directory: string,
  rename: (name: string) => string,
): Promise<readonly DigestedFile[]> {
  const { files, directories } = await listBelow(system, directory);
  const digested: DigestedFile[] = [];
  await inParallel(files, async (name) => {
    digested.push(await settle(system, join(directory, name), rename(name)));
  });
  await inParallel(directories, (name) => syncDirectory(system, join(directory, name)));
  return digested;
}

function settledOf(digested: readonly DigestedFile[]): Settled {
  return {
    bytes: digested.reduce((sum, { bytes }) => sum + bytes, 0),
    files: digested.length,
    sha256: digestOf(digested),
  };
}

/** The digest of the lines that `sha256sum` prints for all files, ordered by the bytes of their names. */
function digestOf(files: readonly DigestedFile[]): string {
  const inOrder = files.toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  const digest = createHash("sha256");
  for (const { name, sha256 } of inOrder) digest.update(`${sha256}  ${name}\n`);
  return digest.digest("hex");
}

/** So many fsyncs under way that the disk can do them together, so few that descriptors never run out. */
const WIDTH = 16;

async function inParallel(names: readonly string[], work: (name: string) => Promise<void>): Promise<void> {
  const left = names.values();
  const lane = async (): Promise<void> => {
    for (const name of left) await work(name);
  };
  // All have ended before an error is told: none may still be at it when the caller cleans up.
  for (const one of await Promise.allSettled(Array.from({ length: WIDTH }, lane)))
    if (one.status === "rejected") throw one.reason;
}

const CHUNK_BYTES = 256 * 1_024;

async function settle({ fs }: System, path: string, name: string): Promise<DigestedFile> {
  const handle = await fs.open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    // A failed fsync is never tried again on the same data: the kernel may have marked the pages clean.
    await handle.sync();
    const digest = createHash("sha256");
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, (await handle.stat()).size + 1));
    for (let bytes = 0; ; ) {
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, bytes);
      if (bytesRead === 0) return { name, bytes, sha256: digest.digest("hex") };
      digest.update(chunk.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

/** All files and directories in a directory, itself among them, as paths in it. */
async function listBelow({ fs }: System, directory: string): Promise<{ files: string[]; directories: string[] }> {
  const files: string[] = [];
  const directories = [""];
  for (const below of directories) {
    for (const entry of await fs.readdir(join(directory, below), { withFileTypes: true })) {
      const name = `${below}${entry.name}`;
      if (entry.isDirectory()) directories.push(`${name}/`);
      else files.push(name);
    }
  }
  return { files, directories };
}
