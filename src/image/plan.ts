import type { ResizeOptions } from "sharp";
import { SpooldError } from "../errors.ts";
import { type Format, formatOf, type Output } from "../task/task.ts";
import { framesOf } from "./animation.ts";
import { resizeOptionsOf } from "./encode.ts";
import type { Header } from "./header.ts";

/** How one output is made, in sharp's words. */
export interface PlannedOutput {
  readonly file: string;
  readonly format: Format;
  /** Null: the picture keeps its size. */
  readonly resize: ResizeOptions | null;
  readonly output: Output;
  /** How many frames it keeps. */
  readonly frames: number;
}

/** The largest output in pixels: what a task may ask for when it names both sides, so also when one side follows. */
const MAX_OUTPUT_PIXELS = 16_383 * 16_383;

/**
 * What to do for each output of a task.
 * @throws OUTPUT_FAILED when a side that follows from the source would make an output beyond MAX_OUTPUT_PIXELS, or
 *   when an output has no format
 */
export function planOutputs(outputs: readonly Output[], header: Header): readonly PlannedOutput[] {
  return outputs.map((output) => {
    const { file } = output;
    const format = formatOf(output);
    if (format === undefined) throw new SpooldError("OUTPUT_FAILED", { file, because: "it has no format" });
    const pixels = pixelsOf(output, header);
    if (pixels > MAX_OUTPUT_PIXELS)
      throw new SpooldError("OUTPUT_FAILED", { file, pixels: Math.round(pixels), limit: MAX_OUTPUT_PIXELS });
    return { file, format, resize: resizeOptionsOf(output), output, frames: framesOf(output, header) };
  });
}

/** About how many pixels an output will have; only `outside` and a missing side depend on the source. */
function pixelsOf({ width, height, fit }: Output, source: Header): number {
  if (width === undefined && height === undefined) return 0;
  const across = (width ?? 0) / source.width;
  const down = (height ?? 0) / source.height;
  if (width !== undefined && height !== undefined && fit !== "outside") return width * height;
  return Math.max(across, down) ** 2 * source.width * source.height;
}
