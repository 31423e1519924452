/** How large an output may be. Checked before any pixel is decoded. */
import { SpooldError } from "../errors.ts";
import type { Output } from "../task/task.ts";
import type { Size } from "./geometry.ts";
import type { Header } from "./header.ts";
import type { OutputLimits } from "./limits.ts";

/** All frames of an animation together: as many pixels as the largest still picture has. */
const MAX_FILM_PIXELS = 16_383 * 16_383;

/**
 * Turns away an output that sharp must not be asked for.
 * @param frames how many it keeps
 * @throws SOURCE_TOO_MANY_FRAMES; OUTPUT_TOO_LARGE, for a side that follows from the source, and for one that is kept
 */
export function requireBounded(
  output: Output,
  header: Header,
  { frames, limits }: { readonly frames: number; readonly limits: OutputLimits },
): void {
  const { file } = output;
  const { maxInputFrames, maxOutputSide } = limits;
  if (frames > maxInputFrames) throw new SpooldError("SOURCE_TOO_MANY_FRAMES", { file, frames, limit: maxInputFrames });
  const size = sizeOf(output, header);
  // A pyramid is written tile by tile: its sides are those of slides and maps, and the number of its tiles has a limit.
  if (output.tile === undefined) requireSides(size, { file }, maxOutputSide);
  const pixels = size.width * size.height * frames;
  if (frames > 1 && pixels > MAX_FILM_PIXELS)
    throw new SpooldError("OUTPUT_TOO_LARGE", { file, ...size, frames, pixels, limit: MAX_FILM_PIXELS });
}

/** @throws OUTPUT_TOO_LARGE with these facts when a side is longer than the limit */
export function requireSides(
  { width, height }: Size,
  facts: { readonly file: string; readonly step?: string },
  limit: number,
): void {
  const sides = { width: Math.round(width), height: Math.round(height) };
  if (Math.max(sides.width, sides.height) > limit)
    throw new SpooldError("OUTPUT_TOO_LARGE", { ...facts, ...sides, limit });
}

/** The size of an output before its steps; where it depends on more than the sides, no smaller than it will be. */
function sizeOf(output: Output, { width, height }: Size): Size {
  const scale = scaleOf(output, { width, height });
  if (scale !== null) return { width: Math.round(width * scale), height: Math.round(height * scale) };
  return { width: output.width ?? width, height: output.height ?? height };
}

/** By how much the whole picture is scaled; null where the output has the sides that it asks for. */
function scaleOf({ width, height, fit, ...output }: Output, source: Size): number | null {
  if (width === undefined && height === undefined) return 1;
  const isPartial = width === undefined || height === undefined;
  if (isPartial ? fit === "fill" : fit !== "inside" && fit !== "outside") return null;
  const scales = [width === undefined ? [] : width / source.width, height === undefined ? [] : height / source.height];
  const scale = fit === "inside" ? Math.min(...scales.flat()) : Math.max(...scales.flat());
  if (output.withoutEnlargement) return Math.min(1, scale);
  return output.withoutReduction ? Math.max(1, scale) : scale;
}
