import * as z from "zod";
import { colour } from "./colour.ts";
import { pixels, yesOrNo } from "./values.ts";

const FITS = ["cover", "contain", "fill", "inside", "outside"] as const;
const KERNELS = ["nearest", "linear", "cubic", "mitchell", "lanczos2", "lanczos3", "mks2013", "mks2021"] as const;
const POSITIONS = [
  ...["centre", "center", "top", "right top", "right", "right bottom", "bottom", "left bottom", "left", "left top"],
  ...["north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest", "entropy", "attention"],
] as const;

/** sharp's ResizeOptions, which stand at the top of an output. */
export const RESIZE = {
  width: pixels(1).optional().describe("px; without height the other side follows"),
  height: pixels(1).optional().describe("px; without width the other side follows"),
  fit: z.enum(FITS).optional().describe("how the picture fills width x height; default cover"),
  position: z.enum(POSITIONS).optional().describe("which part `cover` and `contain` keep; default centre"),
  kernel: z.enum(KERNELS).optional().describe("how pixels are mixed when there are fewer; default lanczos3"),
  background: colour.optional().describe("what `contain` fills the rest with; default black"),
  withoutEnlargement: yesOrNo.optional().describe("a smaller picture keeps its size"),
  withoutReduction: yesOrNo.optional().describe("a larger picture keeps its size"),
  fastShrinkOnLoad: yesOrNo
    .optional()
    .describe("let the JPEG and WebP decoders shrink as far as they can; default true"),
};
