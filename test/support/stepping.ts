/** Runs steps on a picture and looks at the pixels that come out. */
import sharp from "sharp";
import { applySteps } from "../../src/image/steps.ts";
import type { Output } from "../../src/task/task.ts";
import { DEFAULT_LIMITS } from "./limits.ts";

export type Steps = NonNullable<Output["steps"]>;

/** Pixels in memory. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** The channels of one pixel, 0 to 255. */
  at(left: number, top: number): readonly number[];
  readonly bytes: Buffer;
}

/** A picture after these steps, as it would be encoded. @param overlays the files that steps may read */
export async function stepped(
  source: Buffer,
  steps: Steps,
  overlays: Readonly<Record<string, Buffer>> = {},
): Promise<Raster> {
  const readOverlay = async (path: string): Promise<Buffer> => {
    const overlay = overlays[path];
    if (overlay === undefined) throw new Error(`no overlay ${path}`);
    return overlay;
  };
  const context = { file: "out.png", ...DEFAULT_LIMITS, readOverlay };
  const picture = await applySteps(sharp(source), steps, context);
  return raster(await picture.png().toBuffer());
}

/** The pixels of an encoded picture. */
export async function raster(picture: Buffer): Promise<Raster> {
  const { data, info } = await sharp(picture).raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const at = (left: number, top: number): readonly number[] => {
    const start = (top * width + left) * channels;
    return [...data.subarray(start, start + channels)];
  };
  return { width, height, channels, at, bytes: data };
}

/** A PNG whose pixels are what `colourAt` says. */
export function painted(
  { width, height }: { readonly width: number; readonly height: number },
  colourAt: (left: number, top: number) => readonly number[],
): Promise<Buffer> {
  const pixels = Array.from({ length: width * height }, (_, at) => colourAt(at % width, Math.floor(at / width)));
  const channels = pixels[0]?.length === 4 ? 4 : 3;
  return sharp(Buffer.from(pixels.flat()), { raw: { width, height, channels } }).png().toBuffer();
}
