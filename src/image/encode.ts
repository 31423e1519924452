import type { ResizeOptions, Sharp } from "sharp";
import { SpooldError } from "../errors.ts";
import { formatOf, type Output } from "../task/task.ts";
import { ENCODERS } from "./vocabulary/encoders.ts";
import { RESIZE } from "./vocabulary/resize.ts";

/** When the frames of an animation are shown. */
export interface Timing {
  /** Milliseconds, one for each frame. */
  readonly delay?: number[];
  /** How often it plays; 0 for ever. */
  readonly loop?: number;
}

/**
 * Asks for an output's format, with the options of its encoder.
 * @param timing of an animation that lost its own; what the output says wins
 * @throws OUTPUT_FAILED when the output has no format
 */
export function encode(picture: Sharp, output: Output, timing: Timing = {}): Sharp {
  const { file, quality } = output;
  const format = formatOf(output);
  if (format === undefined) throw new SpooldError("OUTPUT_FAILED", { file, because: "it has no format" });
  const options: Record<string, unknown> = { ...timing, ...(quality !== undefined && { quality }), ...output.encode };
  // Sharp repeats a single delay for frames that it has read itself, not for those that were joined.
  const { delay } = options;
  const delays = typeof delay === "number" && timing.delay !== undefined && timing.delay.map(() => delay);
  return ENCODERS[format].apply(picture, delays ? { ...options, delay: delays } : options);
}

/** What sharp's resize is to be told for an output. @returns null: the picture keeps its size */
export function resizeOptionsOf(output: Output): ResizeOptions | null {
  if (output.width === undefined && output.height === undefined) return null;
  const words = Object.keys(RESIZE) as (keyof typeof RESIZE)[];
  return Object.fromEntries(words.flatMap((word) => (output[word] === undefined ? [] : [[word, output[word]]])));
}
