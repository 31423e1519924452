/**
 * How the outputs of a task are made. The source is decoded once for the largest size, and each smaller one is made
 * from the smallest larger one that is still at least twice its size: faster than decoding again, and closer to the
 * full picture than a JPEG shrunk while it loads. What is not eligible is made the direct way, from the source.
 */
import { SpooldError } from "../errors.ts";
import { type Format, formatOf, type Output } from "../task/task.ts";
import { framesOf } from "./animation.ts";
import { type Geometry, geometryOf, type Size } from "./geometry.ts";
import type { Header } from "./header.ts";
import { largestSizeOf, requireDiceable } from "./tiles.ts";

/** One output of a plan. */
export interface PlannedOutput {
  readonly output: Output;
  readonly format: Format;
  /** The place in the plan of the output whose pixels it is made from; null for the source itself. */
  readonly parent: number | null;
  /** For one that has a parent: what to do with the parent's pixels. */
  readonly geometry: Geometry | null;
  /** How many frames it keeps. */
  readonly frames: number;
  /** Whether others are made from its pixels. */
  readonly isParent: boolean;
}

/** The largest output in pixels: what a task may ask for when it names both sides, so also when one side follows. */
const MAX_OUTPUT_PIXELS = 16_383 * 16_383;
/** Pixels of a parent are kept in memory: above this it is cheaper to decode again. */
const MAX_PARENT_PIXELS = 50_000_000;

/**
 * A plan for the outputs of a task, in the order of the task. Every parent may be made before its children by walking
 * `makingOrder`.
 * @throws OUTPUT_FAILED when a side that follows from the source would make an output beyond MAX_OUTPUT_PIXELS, when
 *   there would be too many tiles, or when an output has no format
 */
export function planOutputs(outputs: readonly Output[], header: Header): readonly PlannedOutput[] {
  const frames = outputs.map((output) => framesOf(output, header));
  const geometries = outputs.map((output, index) =>
    isEligible(header) && frames[index] === 1 ? eligible(output, header) : null,
  );
  const parents = parentsOf(geometries, header);
  return outputs.map((output, index) => {
    const format = formatOf(output);
    if (format === undefined)
      throw new SpooldError("OUTPUT_FAILED", { file: output.file, because: "it has no format" });
    requireBounded(output, header);
    const { tile, steps = [], file } = output;
    // With steps the size is known when they are done; then it is asked again.
    if (tile !== undefined && steps.length === 0) requireDiceable(file, tile, largestSizeOf(output, header));
    const parent = parents[index] ?? null;
    const geometry = parent === null ? null : (geometries[index] ?? null);
    return { output, format, parent, geometry, frames: frames[index] ?? 1, isParent: parents.includes(index) };
  });
}

/** Places of a plan's outputs such that each parent comes before its children. */
export function makingOrder(plan: readonly PlannedOutput[]): readonly number[] {
  const depth = (index: number): number => {
    const parent = plan[index]?.parent ?? null;
    return parent === null ? 0 : 1 + depth(parent);
  };
  return plan.map((_output, index) => index).sort((a, b) => depth(a) - depth(b) || a - b);
}

/** Eight bits a channel in sRGB pass through memory unchanged; of WebP the size when shrunk cannot be foretold. */
function isEligible({ format, isPlain }: Header): boolean {
  return isPlain && format !== "webp";
}

function eligible(output: Output, header: Header): Geometry | null {
  const geometry = geometryOf(output, header);
  if (geometry === null) return null;
  const { scaled } = geometry;
  return scaled.width <= header.width && scaled.height <= header.height ? geometry : null;
}

/** For each output the place of its parent, or null. Larger ones come first, so that chains form. */
function parentsOf(geometries: readonly (Geometry | null)[], header: Header): readonly (number | null)[] {
  const parents: (number | null)[] = geometries.map(() => null);
  const bySize = [...geometries.entries()]
    .flatMap(([index, geometry]) => (geometry === null ? [] : [{ index, geometry }]))
    .sort((a, b) => pixels(b.geometry.scaled) - pixels(a.geometry.scaled) || a.index - b.index);
  const whole: { index: number; size: Size }[] = [];
  for (const { index, geometry } of bySize) {
    const parent = whole.findLast(({ size }) => isLargeEnough(size, geometry.scaled));
    if (parent !== undefined) parents[index] = parent.index;
    const isWhole = geometry.crop === null && geometry.isUniform && pixels(geometry.scaled) <= MAX_PARENT_PIXELS;
    // The source itself at full size is no parent: a JPEG shrinks better while it loads.
    if (isWhole && pixels(geometry.scaled) < pixels(header)) whole.push({ index, size: geometry.scaled });
  }
  return parents;
}

/** Twice as large on both sides, give or take the rounding of one pixel: less would soften the picture twice. */
function isLargeEnough(parent: Size, child: Size): boolean {
  return parent.width >= 2 * child.width - 1 && parent.height >= 2 * child.height - 1;
}

function requireBounded(output: Output, header: Header): void {
  const { width, height, fit } = output;
  if (width === undefined && height === undefined) return;
  const across = (width ?? 0) / header.width;
  const down = (height ?? 0) / header.height;
  const isFixed = width !== undefined && height !== undefined && fit !== "outside";
  const count = isFixed ? width * height : Math.max(across, down) ** 2 * pixels(header);
  if (count <= MAX_OUTPUT_PIXELS) return;
  throw new SpooldError("OUTPUT_FAILED", { file: output.file, pixels: Math.round(count), limit: MAX_OUTPUT_PIXELS });
}

function pixels({ width, height }: Size): number {
  return width * height;
}
