import { join } from "node:path";
import { type Film, loadFilm } from "../support/scenery/film.ts";
import { canvasOf, open } from "../support/scenery/held.ts";
import { layeredNoise } from "../support/scenery/noise.ts";
import { type Canvas, paint } from "../support/scenery/paint.ts";
import { SCENES } from "../support/scenery/scenes.ts";

/** A landscape that is painted but not yet brought to the size of a photograph. */
export type Negative = Canvas;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Sizes by what they are called: 12 megapixels and so on. All of the shape that phones and cameras take. */
export const SIZES = {
  "12 MP": { width: 4000, height: 3000 },
  "6 MP": { width: 2828, height: 2121 },
  "3 MP": { width: 2000, height: 1500 },
  "64 px": { width: 64, height: 48 },
} as const;

/** Painted at this width, then enlarged; the grain is laid on at full size, so that it is as sharp as a sensor's noise. */
const PAINTED: Size = { width: 1600, height: 1200 };
const GRAIN = 6;

/** JPEG's quality by what it stands for: with the grain 12 MP take some 3 MB, as of a telephone, or 5 MB, as of a camera at `fine`. */
export const QUALITIES = { telephone: 90, camera: 95 } as const;

/** Paints different landscapes; the same ones in every run. */
export function paintNegatives(count: number): readonly Negative[] {
  const noise = layeredNoise(2009);
  return Array.from({ length: count }, (_, index) => {
    const scene = SCENES[index % SCENES.length];
    if (scene === undefined) throw new RangeError("there are no scenes");
    return paint(scene, noise, PAINTED);
  });
}

/** Brings a negative to a size and lays the grain on. */
export async function enlarge(negative: Negative, { width, height }: Size): Promise<Canvas> {
  const large = await canvasOf(open(negative).resize(width, height));
  film(new Uint8Array(large.pixels.buffer, large.pixels.byteOffset, large.pixels.length));
  return large;
}

/** Writes photographs of one size as JPEG, upright. @returns their paths */
export async function develop(
  negatives: readonly Negative[],
  { quality = QUALITIES.telephone, ...size }: Size & { readonly quality?: number },
  directory: string,
): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const [index, negative] of negatives.entries()) {
    const path = join(directory, `${size.width}x${size.height}-q${quality}-${index + 1}.jpg`);
    await open(await enlarge(negative, size))
      .jpeg({ quality })
      .toFile(path);
    paths.push(path);
  }
  return paths;
}

const film: Film = loadFilm(400, GRAIN);
