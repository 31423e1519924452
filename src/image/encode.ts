import type { ResizeOptions, Sharp } from "sharp";
import { SpooldError } from "../errors.ts";
import { formatOf, type Output } from "../task/task.ts";
import { ENCODERS } from "./vocabulary/encoders.ts";
import { RESIZE } from "./vocabulary/resize.ts";

/**
 * Asks for an output's format, with the options of its encoder.
 * @throws OUTPUT_FAILED when the output has no format
 */
export function encode(picture: Sharp, output: Output): Sharp {
  const { file, quality } = output;
  const format = formatOf(output);
  if (format === undefined) throw new SpooldError("OUTPUT_FAILED", { file, because: "it has no format" });
  return ENCODERS[format].apply(picture, { ...(quality !== undefined && { quality }), ...output.encode });
}

/** What sharp's resize is to be told for an output. @returns null: the picture keeps its size */
export function resizeOptionsOf(output: Output): ResizeOptions | null {
  if (output.width === undefined && output.height === undefined) return null;
  const words = Object.keys(RESIZE) as (keyof typeof RESIZE)[];
  return Object.fromEntries(words.flatMap((word) => (output[word] === undefined ? [] : [[word, output[word]]])));
}
