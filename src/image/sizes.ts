/** The final sizes of outputs, foretold without a look at the pixels. No sharp here: `enqueue` tells them too. */
import type { Output } from "../task/task.ts";
import { geometryOf, type Size, type SourceShape } from "./geometry.ts";
import { STEPS, type StepWord } from "./vocabulary/table.ts";

/**
 * The size that an output will have, all its steps done; of an animation, of each frame.
 * @param source its upright size in pixels, and its format
 * @returns null where the pixels decide it, or a rounding that is not known to the pixel
 */
export function foretoldSize(output: Output, source: SourceShape): Size | null {
  let size = resizedSize(output, source);
  for (const step of output.steps ?? []) {
    for (const [word, argument] of Object.entries(step)) {
      const { sizeAfter, foretellsSize } = STEPS[word as StepWord];
      if (size === null || !foretellsSize(argument)) return null;
      const { width, height } = sizeAfter(argument, size);
      size = { width: Math.round(width), height: Math.round(height) };
    }
  }
  // The largest level of a pyramid may have been turned on its side.
  return size !== null && (output.tile?.angle ?? 0) % 180 !== 0 ? { width: size.height, height: size.width } : size;
}

function resizedSize(output: Output, source: SourceShape): Size | null {
  const { width, height } = output;
  if (width === undefined && height === undefined) return { width: source.width, height: source.height };
  if (width !== undefined && height !== undefined && fillsItsBox(output)) return { width, height };
  if (!FOLLOWED.has(source.format)) return null;
  const geometry = geometryOf(withoutLooks(output), source);
  if (typeof geometry === "string") return null;
  const shown = geometry.crop ?? geometry.scaled;
  return { width: shown.width, height: shown.height };
}

/** Formats whose sizes follow our geometry; libwebp, for one, shrinks while it loads, and rounds in its own way. */
const FOLLOWED: ReadonlySet<string> = new Set(["jpeg", "png", "gif", "tiff", "avif"]);

/** Whether an output is as large as it asks to be, whatever its source. */
function fillsItsBox({ fit = "cover", withoutEnlargement, withoutReduction }: Output): boolean {
  const isBox = fit === "cover" || fit === "contain" || fit === "fill";
  return isBox && withoutEnlargement !== true && withoutReduction !== true;
}

/** The output without what changes its pixels and not its size. */
function withoutLooks(output: Output): Output {
  const { kernel: _kernel, position: _position, tile: _tile, ...rest } = output;
  return rest;
}
