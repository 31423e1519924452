/**
 * The sizes that sharp would give, worked out beforehand. They follow libvips' rules as sharp 0.35 applies them: the
 * shrink factor comes from the source's size after a JPEG was shrunk while loading, and sides are rounded once.
 * A test holds them against sharp itself, over random sizes.
 */
import type { Output } from "../task/task.ts";
import type { Header } from "./header.ts";

/** Pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

interface Area extends Size {
  readonly left: number;
  readonly top: number;
}

/** What is asked of a source: its size when upright, and how it is stored. */
export type SourceShape = Pick<Header, "format" | "width" | "height">;

/** What becomes of the whole picture on its way to an output. */
export interface Geometry {
  /** The whole picture, scaled. */
  readonly scaled: Size;
  /** The part of it that the output shows; null for all of it. */
  readonly crop: Area | null;
  /** Whether both sides are scaled alike, so that a smaller size may be made from it. */
  readonly isUniform: boolean;
}

/**
 * Why an output's geometry is not known beforehand: the option that only sharp follows, a `fit` that pads, a
 * `position` that looks at the pixels, or a side halfway between two pixels.
 */
export type Unforetold = (typeof UNFORETOLD)[number] | "contain" | "entropy" | "attention" | "rounding";

/**
 * The geometry of an output.
 * @returns why there is none where it depends on the pixels, pads, or cannot be foretold to the pixel: then the output
 *   is made the direct way
 */
export function geometryOf(output: Output, source: SourceShape): Geometry | Unforetold {
  const { width, height, fit = "cover", position = "centre" } = output;
  const unforetold = UNFORETOLD.find((word) => output[word] !== undefined);
  if (unforetold !== undefined) return unforetold;
  if (width === undefined && height === undefined) return { scaled: sizeOf(source), crop: null, isUniform: true };
  const isBox = width !== undefined && height !== undefined && (fit === "cover" || fit === "contain");
  if (isBox && fit === "contain") return "contain";
  if (isBox && (position === "entropy" || position === "attention")) return position;
  const shrunk = shrunkOnLoad(output, source);
  const shrink = shrinkOf(output, shrunk);
  const scaled = { width: shrunk.width / shrink.across, height: shrunk.height / shrink.down };
  if (isTie(scaled.width) || isTie(scaled.height)) return "rounding";
  const rounded = { width: Math.max(1, Math.round(scaled.width)), height: Math.max(1, Math.round(scaled.height)) };
  const isUniform = shrink.across === shrink.down;
  if (!isBox) return { scaled: rounded, crop: null, isUniform };
  const shown = { width: Math.min(width, rounded.width), height: Math.min(height, rounded.height) };
  return { scaled: rounded, crop: cropOf(rounded, shown, gravityOf(position)), isUniform };
}

/** Options that change the pixels or sizes in ways that only the direct way follows; tiles are never held in memory. */
const UNFORETOLD = ["kernel", "withoutReduction", "fastShrinkOnLoad", "tile"] as const;

type Place = "start" | "middle" | "end";

interface Gravity {
  readonly across: Place;
  readonly down: Place;
}

const GRAVITIES: Readonly<Record<Exclude<NonNullable<Output["position"]>, "entropy" | "attention">, Gravity>> = {
  ...named(["centre", "center"], "middle", "middle"),
  ...named(["top", "north"], "middle", "start"),
  ...named(["right top", "northeast"], "end", "start"),
  ...named(["right", "east"], "end", "middle"),
  ...named(["right bottom", "southeast"], "end", "end"),
  ...named(["bottom", "south"], "middle", "end"),
  ...named(["left bottom", "southwest"], "start", "end"),
  ...named(["left", "west"], "start", "middle"),
  ...named(["left top", "northwest"], "start", "start"),
};

function gravityOf(position: NonNullable<Output["position"]>): Gravity {
  return position === "entropy" || position === "attention" ? GRAVITIES.centre : GRAVITIES[position];
}

function named<const Names extends readonly string[]>(
  names: Names,
  across: Place,
  down: Place,
): Record<Names[number], Gravity> {
  const gravities = names.map((name) => [name, { across, down }]);
  return Object.fromEntries(gravities) as Record<Names[number], Gravity>;
}

function sizeOf({ width, height }: Size): Size {
  return { width, height };
}

/** How many source pixels become one, on each axis. */
function shrinkOf(output: Output, source: Size): { across: number; down: number } {
  const { across, down } = plainShrinkOf(output, source);
  return output.withoutEnlargement ? { across: Math.max(1, across), down: Math.max(1, down) } : { across, down };
}

function plainShrinkOf({ width, height, fit = "cover" }: Output, source: Size): { across: number; down: number } {
  const across = width === undefined ? undefined : source.width / width;
  const down = height === undefined ? undefined : source.height / height;
  if (fit === "fill") return bounded({ across: across ?? 1, down: down ?? 1 }, source);
  const shrinks = [across, down].filter((shrink) => shrink !== undefined);
  const both = fit === "inside" || fit === "contain" ? Math.max(...shrinks) : Math.min(...shrinks);
  return bounded({ across: both, down: both }, source);
}

/** No axis is shrunk below one pixel. */
function bounded(shrink: { across: number; down: number }, source: Size): { across: number; down: number } {
  return { across: Math.min(shrink.across, source.width), down: Math.min(shrink.down, source.height) };
}

/**
 * The size at which a source is decoded for an output that names a side. A JPEG is decoded at a half, a quarter or an
 * eighth when more than that is asked for; sides are rounded down.
 */
export function shrunkOnLoad(output: Output, source: SourceShape): Size {
  if (source.format !== "jpeg") return source;
  const { across, down } = shrinkOf(output, source);
  const shrink = Math.min(across, down);
  const coarse = [8, 4, 2].find((candidate) => shrink >= candidate) ?? 1;
  // sharp stays a step below where libjpeg's rounding would make the result too small.
  const factor = coarse > 1 && Math.trunc(shrink) === coarse ? coarse / 2 : coarse;
  return { width: Math.floor(source.width / factor), height: Math.floor(source.height / factor) };
}

/** A side that lies halfway between two pixels is rounded one way or the other by the last bit. */
function isTie(side: number): boolean {
  return Math.abs(side - Math.trunc(side) - 0.5) < 1e-6;
}

function cropOf(scaled: Size, shown: Size, { across, down }: Gravity): Area | null {
  if (scaled.width === shown.width && scaled.height === shown.height) return null;
  return {
    left: offset(scaled.width - shown.width, across),
    top: offset(scaled.height - shown.height, down),
    ...shown,
  };
}

function offset(room: number, place: Place): number {
  if (place === "start") return 0;
  return place === "end" ? room : Math.trunc((room + 1) / 2);
}
