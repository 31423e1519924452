/** Brings a picture in memory to a handful of pixels; plain arithmetic, for starting sharp once more takes longer. */
import type { OutputInfo } from "sharp";

/** A picture as it lies in memory: 8 bits a channel, sRGB. */
export interface Pixels {
  readonly data: Buffer;
  readonly info: Pick<OutputInfo, "width" | "height" | "channels">;
}

/** A tiny picture, at most `SAMPLE_SIDE` px wide and high, with the shape of the large one. */
export interface Sample {
  readonly width: number;
  readonly height: number;
  /** Four bytes a pixel; colours are not multiplied by their opacity. */
  readonly rgba: Uint8Array;
}

/** The longer side of a sample in pixels. */
export const SAMPLE_SIDE = 32;

/** So many rows and columns of each cell are looked at: enough for a mean, and the cost no longer grows with the size. */
const LOOKS = 4;

/** The mean colour of each cell of a grid over the picture, where what is transparent does not count. */
export function sampleOf({ data, info }: Pixels): Sample {
  const scale = Math.min(1, SAMPLE_SIDE / Math.max(info.width, info.height));
  const width = Math.max(1, Math.round(info.width * scale));
  const height = Math.max(1, Math.round(info.height * scale));
  const columns = looksAlong(info.width, width);
  const rows = looksAlong(info.height, height);
  const rgba = new Uint8Array(width * height * 4);
  for (const [y, ys] of rows.entries())
    for (const [x, xs] of columns.entries()) rgba.set(meanOf(data, info, xs, ys), (y * width + x) * 4);
  return { width, height, rgba };
}

/** For each of `cells` equal parts of an axis, which pixels of it are looked at. */
function looksAlong(length: number, cells: number): readonly (readonly number[])[] {
  return Array.from({ length: cells }, (_cell, index) => {
    const start = Math.floor((index * length) / cells);
    const end = Math.max(start + 1, Math.floor(((index + 1) * length) / cells));
    const looks = Math.min(LOOKS, end - start);
    return Array.from({ length: looks }, (_look, at) => start + Math.floor(((at + 0.5) * (end - start)) / looks));
  });
}

function meanOf(
  data: Buffer,
  { width, channels }: Pixels["info"],
  xs: readonly number[],
  ys: readonly number[],
): readonly [red: number, green: number, blue: number, alpha: number] {
  const hasAlpha = channels === 4 || channels === 2;
  const green = channels > 2 ? 1 : 0;
  let [r, g, b, opacity] = [0, 0, 0, 0];
  for (const y of ys)
    for (const x of xs) {
      const at = (y * width + x) * channels;
      const alpha = hasAlpha ? (data[at + channels - 1] ?? 0) : 255;
      r += (data[at] ?? 0) * alpha;
      g += (data[at + green] ?? 0) * alpha;
      b += (data[at + 2 * green] ?? 0) * alpha;
      opacity += alpha;
    }
  if (opacity === 0) return [0, 0, 0, 0];
  const alpha = opacity / (xs.length * ys.length);
  return [Math.round(r / opacity), Math.round(g / opacity), Math.round(b / opacity), Math.round(alpha)];
}
