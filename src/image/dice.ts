import sharp, { type Sharp } from "sharp";
import { type ErrorCode, SpooldError } from "../errors.ts";
import type { Output } from "../task/task.ts";
import { encode } from "./encode.ts";
import type { Size } from "./geometry.ts";
import { requireDiceable } from "./tiles.ts";
import { applyTile } from "./vocabulary/tile.ts";

/** What is to be diced, and where to. */
export interface Dicing {
  readonly output: Output;
  /** Where sharp writes: a name in a directory of our own, see `TILES_NAME`; for a zip the file itself. */
  readonly target: string;
  /** The name that a zip has inside, unless the output says one. */
  readonly basename: string;
}

/**
 * Writes the tiles of a picture; without steps, and without turning, its pixels are decoded while they are written.
 * @param picture not encoded yet, with its steps done
 * @returns the size of the largest level
 * @throws OUTPUT_FAILED when there would be too many tiles; DISK_FULL and its like; sharp's errors as they are
 */
export async function dice(picture: Sharp, { output, target, basename }: Dicing): Promise<Size> {
  const { tile = {}, steps = [], file } = output;
  const whole = steps.length === 0 ? picture : await measured(picture, (size) => requireDiceable(file, tile, size));
  const named = tile.container === "zip" ? { basename: safeInside(basename), ...tile } : tile;
  try {
    const { width, height } = await applyTile(encode(whole, output), named).toFile(target);
    // Sharp tells the size before the tiles' own turn.
    return (tile.angle ?? 0) % 180 === 0 ? { width, height } : { width: height, height: width };
  } catch (cause) {
    const code = cause instanceof Error ? codeOf(cause.message) : undefined;
    throw code === undefined ? cause : new SpooldError(code, { file }, { cause });
  }
}

/** Only the last step's pipeline knows how large its picture is: it is done, in memory, as those before it were. */
async function measured(picture: Sharp, check: (size: Size) => void): Promise<Sharp> {
  const { data, info } = await picture
    .toColourspace("srgb")
    .png({ compressionLevel: 0 })
    .toBuffer({ resolveWithObject: true });
  check(info);
  return sharp(data);
}

/** A name is written into the `info.json` of a zip as it stands. */
function safeInside(name: string): string {
  return name.replace(/[\p{Cc}"<>\\]/gu, "_");
}

/** libvips tells of a failed write in the system's words and without its errno. */
function codeOf(message: string): ErrorCode | undefined {
  return WORDS.find(([words]) => message.includes(words))?.[1];
}

const WORDS: readonly (readonly [string, ErrorCode])[] = [
  ["No space left on device", "DISK_FULL"],
  ["Disk quota exceeded", "DISK_FULL"],
  ["Read-only file system", "DISK_READ_ONLY"],
  ["Too many open files", "RESOURCES_SHORT"],
];
