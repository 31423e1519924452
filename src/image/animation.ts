/** Pictures with several frames. Sharp keeps the frames in one tall picture, and its own operations apart. */
import sharp, { type ResizeOptions, type Sharp } from "sharp";
import { type Facts, SpooldError } from "../errors.ts";
import { formatOf, type Output } from "../task/task.ts";
import { openPicture } from "./decoders.ts";
import type { Timing } from "./encode.ts";
import type { Header } from "./header.ts";
import type { SourceBytes } from "./source.ts";
import { applySteps, type StepContext } from "./steps.ts";

/** How an animation is made. */
export interface Animation {
  readonly output: Output;
  readonly resize: ResizeOptions | null;
  /** How many frames are kept, at least 2. */
  readonly frames: number;
}

/** An animation that is not encoded yet, and its timing where sharp has lost it. */
export interface Animated {
  readonly picture: Sharp;
  readonly timing: Timing;
}

/** How many frames of a source an output keeps; 1 unless both can be animations. Tiles show the first. */
export function framesOf(output: Output, header: Header): number {
  if (output.tile !== undefined) return 1;
  const isAnimation = [formatOf(output), header.format].every((format) => format === "gif" || format === "webp");
  return isAnimation ? Math.min(header.frames ?? 1, output.pages ?? Number.POSITIVE_INFINITY) : 1;
}

/**
 * All frames of an output, resized, each with its steps done.
 * @throws SOURCE_TOO_MANY_PIXELS when the frames together have too many; as `applySteps`; sharp's errors as they are
 */
export async function animate(
  source: Pick<SourceBytes, "bytes" | "path">,
  { output, resize, frames }: Animation,
  context: StepContext,
): Promise<Animated> {
  const { width, height, delay, loop } = await openPicture(source.bytes, false, frames).metadata();
  requireWithin(context.maxInputPixels, { path: source.path, width, height, frames, pixels: width * height });
  const roll = openPicture(source.bytes, context.maxInputPixels, frames);
  const sized =
    resize === null ? roll : await resizeAll(roll, resize, openPicture(source.bytes, context.maxInputPixels));
  if (output.steps === undefined || output.steps.length === 0) return { picture: sized, timing: {} };
  const timing = { ...(delay !== undefined && { delay: delay.slice(0, frames) }), ...(loop !== undefined && { loop }) };
  return { picture: await stepEach(sized, output.steps, context), timing };
}

function requireWithin(limit: number, facts: Facts & { readonly pixels: number }): void {
  if (facts.pixels > limit) throw new SpooldError("SOURCE_TOO_MANY_PIXELS", { ...facts, limit });
}

/** Sharp looks for the best part of a single picture only: where it lies in the first frame, it is cut from all. */
async function resizeAll(roll: Sharp, resize: ResizeOptions, first: Sharp): Promise<Sharp> {
  const { position, ...options } = resize;
  const looks = position === "entropy" || position === "attention";
  if (!looks || (options.fit ?? "cover") !== "cover") return roll.resize(looks ? options : resize);
  const { info } = await first.resize(resize).toBuffer({ resolveWithObject: true });
  const [left, top] = [Math.abs(info.cropOffsetLeft ?? 0), Math.abs(info.cropOffsetTop ?? 0)];
  return roll.resize({ ...options, fit: "outside" }).extract({ left, top, width: info.width, height: info.height });
}

/** Frames are taken apart as raw pixels: each is found at once, and a blur does not reach into the next. */
async function stepEach(roll: Sharp, steps: Output["steps"], context: StepContext): Promise<Sharp> {
  const { data, info } = await roll.toColourspace("srgb").ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const { width, channels } = info;
  const height = info.pageHeight ?? info.height;
  const frames: Buffer[] = [];
  for (let start = 0; start < data.length; start += width * height * channels) {
    const pixels = data.subarray(start, start + width * height * channels);
    const stepped = await applySteps(sharp(pixels, { raw: { width, height, channels } }), steps, context);
    frames.push(await stepped.png({ compressionLevel: 0 }).toBuffer());
  }
  return sharp(frames, { join: { animated: true } });
}
