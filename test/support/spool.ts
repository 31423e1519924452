import { createHash } from "node:crypto";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { openSpool, type Spool } from "../../src/index.ts";
import { STATES, type State } from "../../src/spool/layout.ts";
import type { NewTask } from "../../src/spool/spool.ts";
import { readName } from "../../src/task/name.ts";

/** The spool that `startDaemon` works on in a directory. */
export function spoolIn(directory: string): Promise<Spool> {
  return openSpool(join(directory, "spool"));
}

/** A small JPEG in a directory, whose pixels differ with `seed`. */
export async function placePicture(path: string, { width = 64, height = 48, seed = 1 } = {}): Promise<void> {
  const background = { r: (seed * 53) % 256, g: (seed * 101) % 256, b: (seed * 197) % 256 };
  await sharp({ create: { width, height, channels: 3, background } })
    .jpeg()
    .toFile(path);
}

/** A source that takes a worker long enough to turn into the AVIF of `slowTask` to be met at it: a second or more. */
export async function placeSlowPicture(path: string): Promise<void> {
  const noise = { type: "gaussian" as const, mean: 128, sigma: 40 };
  await sharp({ create: { width: 600, height: 450, channels: 3, background: "black", noise } })
    .jpeg()
    .toFile(path);
}

export function slowTask(name: string): NewTask {
  return { source: "slow.jpg", outputs: [{ file: `${name}.avif` }], supplicant: "test", summary: name };
}

export function quickTask(name: string): NewTask {
  return { source: "quick.jpg", outputs: [{ file: `${name}.jpg`, width: 32 }], supplicant: "test", summary: name };
}

/** In which states each number lies. */
export async function statesOf(spool: string): Promise<Map<number, State[]>> {
  const found = new Map<number, State[]>();
  for (const state of STATES.filter((each) => each !== "rejected")) {
    for (const name of await readdir(join(spool, state))) {
      const kind = readName(name);
      if (kind.kind !== "task") continue;
      found.set(kind.entry.number, [...(found.get(kind.entry.number) ?? []), state]);
    }
  }
  return found;
}

/** Names in a state's directory, sorted. */
export async function namesIn(directory: string, state: State | "tmp" | "run"): Promise<string[]> {
  return (await readdir(join(directory, "spool", state))).sort();
}

/** What the names of temporaries hold to tell this spool from others. */
export async function spoolTagOf(directory: string): Promise<string> {
  const { dev, ino } = await lstat(join(directory, "spool"));
  return createHash("sha256").update(`${dev}:${ino}`).digest("hex").slice(0, 8);
}
