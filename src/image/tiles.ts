/** How many tiles a pyramid has: each is a file, so that a wrong size could fill a disk with names. */
import { SpooldError } from "../errors.ts";
import type { Output } from "../task/task.ts";
import { geometryOf, type Size } from "./geometry.ts";
import type { Header } from "./header.ts";
import type { Tile } from "./vocabulary/tile.ts";

/** More than a picture of 4 gigapixels needs with tiles of the usual size, 256 px. */
const MAX_TILES = 100_000;

/**
 * Turns away a picture that would give too many tiles.
 * @throws OUTPUT_FAILED with their number
 */
export function requireDiceable(file: string, tile: Tile, { width, height }: Size): void {
  const tiles = tilesOf(tile, { width, height });
  if (tiles > MAX_TILES)
    throw new SpooldError("OUTPUT_FAILED", { file, because: "too many tiles", tiles, limit: MAX_TILES, width, height });
}

/** The size of an output before its steps; where it cannot be foretold, no smaller than it will be. */
export function largestSizeOf({ tile: _asked, ...output }: Output, header: Header): Size {
  const geometry = geometryOf(output, header);
  if (typeof geometry !== "string") return geometry.crop ?? geometry.scaled;
  const { width, height, fit } = output;
  if (width !== undefined && height !== undefined && fit !== "outside") return { width, height };
  const scale = Math.max((width ?? 0) / header.width, (height ?? 0) / header.height) || 1;
  return { width: Math.ceil(header.width * scale), height: Math.ceil(header.height * scale) };
}

/** Tiles of all levels, each half the size of the one before, until one tile holds the picture. */
function tilesOf({ size = 256, depth }: Tile, { width, height }: Size): number {
  const across = Math.ceil(width / size);
  const down = Math.ceil(height / size);
  const here = across * down;
  if (depth === "one" || here <= 1) return here;
  return here + tilesOf({ size, depth }, { width: Math.ceil(width / 2), height: Math.ceil(height / 2) });
}
