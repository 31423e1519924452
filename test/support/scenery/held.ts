import sharp, { type Sharp } from "sharp";
import type { Canvas } from "./paint.ts";

/**
 * What has to be done to an upright picture so that a reader who obeys the EXIF orientation sees it upright again
 * (EXIF 2.32, tag 274): mirrored first, then turned clockwise.
 */
const TURNS: Readonly<Record<number, { readonly mirrored: boolean; readonly degrees: 0 | 90 | 180 | 270 }>> = {
  1: { mirrored: false, degrees: 0 },
  2: { mirrored: true, degrees: 0 },
  3: { mirrored: false, degrees: 180 },
  4: { mirrored: true, degrees: 180 },
  5: { mirrored: true, degrees: 270 },
  6: { mirrored: false, degrees: 270 },
  7: { mirrored: true, degrees: 90 },
  8: { mirrored: false, degrees: 90 },
};

/** The picture as the sensor of a camera held that way records it. */
export async function holdCamera(upright: Canvas, orientation: number): Promise<Canvas> {
  const { mirrored, degrees } = TURNS[orientation] ?? { mirrored: false, degrees: 0 };
  // Two pipelines, for sharp turns before it mirrors, in whichever order it is asked.
  const seen = mirrored ? await canvasOf(open(upright).flop()) : upright;
  return degrees === 0 ? seen : canvasOf(open(seen).rotate(degrees));
}

export function open({ width, height, pixels }: Canvas): Sharp {
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

export async function canvasOf(picture: Sharp): Promise<Canvas> {
  const { data, info } = await picture.removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return {
    width: info.width,
    height: info.height,
    pixels: new Uint8ClampedArray(data.buffer, data.byteOffset, data.length),
  };
}
