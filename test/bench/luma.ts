import sharp from "sharp";
import type { Plane } from "./likeness.ts";

/** What transparent pixels are laid on, so that differences in the colour and in the alpha channel both show. */
export type Ground = "black" | "white";

/**
 * The luma of an encoded picture (ITU-R BT.601), all 16 bits of it where there are as many.
 * @param bytes in a lossless format
 */
export async function lumaOf(bytes: Buffer, ground: Ground): Promise<Plane> {
  const isDeep = (await sharp(bytes, UNLIMITED).metadata()).depth === "ushort";
  const picture = sharp(bytes, UNLIMITED).flatten({ background: ground });
  const pixels = isDeep ? picture.toColourspace("rgb16").raw({ depth: "ushort" }) : picture.toColourspace("srgb").raw();
  const { data, info } = await pixels.toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const samples = isDeep ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
  const scale = isDeep ? 255 / 65_535 : 1;
  const values = new Float64Array(width * height);
  const [green, blue] = channels < 3 ? [0, 0] : [1, 2];
  for (let pixel = 0, at = 0; pixel < values.length; pixel++, at += channels) {
    const red = samples[at] ?? 0;
    values[pixel] = scale * (0.299 * red + 0.587 * (samples[at + green] ?? 0) + 0.114 * (samples[at + blue] ?? 0));
  }
  return { width, height, values };
}

const UNLIMITED = { limitInputPixels: false };
