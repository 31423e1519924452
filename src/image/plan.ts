/**
 * How the outputs of a task are made. The source is decoded once for the largest size, and each smaller one is made
 * from one of the same size, else from one at least twice as large: of a JPEG the smallest such, which is fastest, and
 * closer to the full picture than a JPEG shrunk while it loads. Any other source is not shrunk while it loads, and hard
 * edges suffer from every generation (a drawing fell below SSIM 0.99 in the third): there it is the largest. What is not
 * eligible is made the direct way, from the source.
 */
import { SpooldError } from "../errors.ts";
import { type Format, formatOf, type Output } from "../task/task.ts";
import { framesOf } from "./animation.ts";
import { requireBounded } from "./bounds.ts";
import { type Geometry, geometryOf, type Size, type Unforetold } from "./geometry.ts";
import type { Header } from "./header.ts";
import type { OutputLimits } from "./limits.ts";
import { SAMPLE_SIDE } from "./sample.ts";
import { foretoldSize } from "./sizes.ts";
import { largestSizeOf, requireDiceable } from "./tiles.ts";

/** One output of a plan. */
export interface PlannedOutput {
  readonly output: Output;
  readonly format: Format;
  /** The place in the plan of the output whose pixels it is made from; null for the source itself. */
  readonly parent: number | null;
  /** For one that has a parent: what to do with the parent's pixels. */
  readonly geometry: Geometry | null;
  /** Why it has no parent; null for one that has. */
  readonly because: DirectBecause | null;
  /** The size that will come out, its steps done; null where only the pixels decide it. */
  readonly size: Size | null;
  /** How many frames it keeps. */
  readonly frames: number;
  /** Whether others are made from its pixels. */
  readonly isParent: boolean;
  /** Whether its pixels are those that the source's impression is taken from; of one output at most. */
  readonly isSampled: boolean;
}

/**
 * Why an output is made from the source itself. `colours`: the source is not sRGB with eight bits a channel. `webp`,
 * `svg`: the source is one. `animation`: it keeps several frames. `enlarged`: it is larger than the source. `largest`: it
 * could be made from another output, but none is twice as large. The others: see `Unforetold`.
 */
export type DirectBecause = Unforetold | "colours" | "webp" | "svg" | "animation" | "enlarged" | "largest";

/** Pixels of a parent are kept in memory: above this it is cheaper to decode again. */
const MAX_PARENT_PIXELS = 50_000_000;
/** Nor are more than these held back for the impression alone, which takes less than a second decoding. */
const MAX_SAMPLED_PIXELS = 4_000_000;

/**
 * A plan for the outputs of a task, in the order of the task. Every parent may be made before its children by walking
 * `makingOrder`.
 * @throws OUTPUT_FAILED when an output has no format or there would be too many tiles; as `requireBounded`
 */
export function planOutputs(
  outputs: readonly Output[],
  header: Header,
  limits: OutputLimits,
): readonly PlannedOutput[] {
  const frames = outputs.map((output) => framesOf(output, header));
  const found = outputs.map((output, index) => eligible(output, header, frames[index] ?? 1));
  const geometries = found.map((geometry) => (typeof geometry === "string" ? null : geometry));
  const parents = parentsOf(geometries, header);
  const sampled = sampledOf(outputs, header, { frames, parents });
  return outputs.map((output, index) => {
    const format = formatOf(output);
    if (format === undefined)
      throw new SpooldError("OUTPUT_FAILED", { file: output.file, because: "it has no format" });
    requireBounded(output, header, { frames: frames[index] ?? 1, limits });
    const { tile, steps = [], file } = output;
    // With steps the size is known when they are done; then it is asked again.
    if (tile !== undefined && steps.length === 0) requireDiceable(file, tile, largestSizeOf(output, header));
    const parent = parents[index] ?? null;
    const geometry = parent === null ? null : (geometries[index] ?? null);
    const why = found[index];
    const because = parent !== null ? null : typeof why === "string" ? why : "largest";
    const size = foretoldSize(output, header);
    const use = { isParent: parents.includes(index), isSampled: index === sampled };
    return { output, format, parent, geometry, because, size, frames: frames[index] ?? 1, ...use };
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

/** The geometry of an output that may be made from another, or why it may not. */
function eligible(output: Output, header: Header, frames: number): Geometry | DirectBecause {
  // Eight bits a channel in sRGB pass through memory unchanged.
  if (!header.isPlain) return "colours";
  // Of WebP the size when shrunk cannot be foretold; an SVG is drawn anew at each size, and sharper.
  if (header.format === "webp" || header.format === "svg") return header.format;
  if (frames > 1) return "animation";
  const geometry = geometryOf(output, header);
  if (typeof geometry === "string") return geometry;
  const { scaled } = geometry;
  return scaled.width <= header.width && scaled.height <= header.height ? geometry : "enlarged";
}

/** For each output the place of its parent, or null. Larger ones come first, so that chains form. */
function parentsOf(geometries: readonly (Geometry | null)[], header: Header): readonly (number | null)[] {
  const parents: (number | null)[] = geometries.map(() => null);
  const bySize = [...geometries.entries()]
    .flatMap(([index, geometry]) => (geometry === null ? [] : [{ index, geometry }]))
    .sort((a, b) => pixels(b.geometry.scaled) - pixels(a.geometry.scaled) || a.index - b.index);
  const whole: { index: number; size: Size }[] = [];
  for (const { index, geometry } of bySize) {
    const fit = whole.filter(({ size }) => isLargeEnough(size, geometry.scaled));
    const twin = fit.find(({ size }) => pixels(size) === pixels(geometry.scaled));
    const parent = twin ?? (header.format === "jpeg" ? fit.at(-1) : fit[0]);
    if (parent !== undefined) parents[index] = parent.index;
    const isWhole = geometry.crop === null && geometry.isUniform && pixels(geometry.scaled) <= MAX_PARENT_PIXELS;
    // The source itself at full size is no parent: a JPEG shrinks better while it loads.
    if (isWhole && pixels(geometry.scaled) < pixels(header)) whole.push({ index, size: geometry.scaled });
  }
  return parents;
}

/**
 * The very same size, as of one picture in several formats; or twice as large on both sides, give or take the rounding
 * of one pixel: less would soften the picture twice.
 */
function isLargeEnough(parent: Size, child: Size): boolean {
  if (parent.width === child.width && parent.height === child.height) return true;
  return parent.width >= 2 * child.width - 1 && parent.height >= 2 * child.height - 1;
}

/**
 * The output whose pixels stand for the whole source when its impression is taken: one that is kept in memory anyway,
 * else a small one. An impression needs no exact size, so that WebP, too, is decoded no more often for it.
 */
function sampledOf(
  outputs: readonly Output[],
  header: Header,
  { frames, parents }: { readonly frames: readonly number[]; readonly parents: readonly (number | null)[] },
): number | undefined {
  if (!header.isPlain) return undefined;
  const whole = [...outputs.entries()].flatMap(([index, output]) => {
    const geometry = frames[index] === 1 ? geometryOf(output, header) : "animation";
    if (typeof geometry === "string" || geometry.crop !== null || !geometry.isUniform) return [];
    const isKept = parents.includes(index);
    const { scaled } = geometry;
    const isLarge =
      Math.max(scaled.width, scaled.height) >= Math.min(2 * SAMPLE_SIDE, Math.max(header.width, header.height));
    return isLarge && (isKept || pixels(scaled) <= MAX_SAMPLED_PIXELS) ? [{ index, isKept, size: pixels(scaled) }] : [];
  });
  return whole.sort((a, b) => Number(b.isKept) - Number(a.isKept) || a.size - b.size)[0]?.index;
}

function pixels({ width, height }: Size): number {
  return width * height;
}
