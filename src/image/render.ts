import sharp, { type Sharp } from "sharp";
import { SpooldError, toSpooldError } from "../errors.ts";
import { type Format, readsOf } from "../task/task.ts";
import { animate } from "./animation.ts";
import { openPicture } from "./decoders.ts";
import { dice } from "./dice.ts";
import { encode, resizeOptionsOf } from "./encode.ts";
import { makingOrder, type PlannedOutput } from "./plan.ts";
import type { Pyramid } from "./pyramid.ts";
import type { Pixels } from "./sample.ts";
import type { SourceBytes } from "./source.ts";
import { applySteps, type StepContext } from "./steps.ts";

/** A finished picture in memory. */
export interface RenderedOutput {
  readonly file: string;
  readonly format: Format;
  readonly bytes: Buffer;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

/** What a rendering needs beside the source and the plan. */
export interface RenderContext extends Omit<StepContext, "file"> {
  /** Is handed the pixels of the plan's sampled output, before its steps. */
  readonly look?: (pixels: Pixels) => void;
  /** Is called for each output that is made. */
  readonly made?: () => void;
}

type Source = Pick<SourceBytes, "bytes" | "path">;

/**
 * Renders a plan as `render` does, and gets its pyramids ready, which the caller dices one by one.
 * @returns in the order of the plan
 * @throws as `render`
 */
export async function renderWithPyramids(
  source: Source,
  plan: readonly PlannedOutput[],
  context: RenderContext,
): Promise<readonly (RenderedOutput | Pyramid)[]> {
  const pictures = (await render(source, plan, context)).values();
  return plan.map((planned) => {
    if (planned.output.tile === undefined) return pictures.next().value as RenderedOutput;
    return undiced(source, planned, { ...context, file: planned.output.file });
  });
}

/**
 * Makes every output of a plan that is no pyramid: upright, sRGB, without the source's metadata.
 * @returns in the order of the plan
 * @throws SOURCE_DAMAGED when the pixels of the source or of an overlay cannot be decoded whole, what else is wrong
 *   with an overlay, OUTPUT_FAILED for any other trouble
 */
export async function render(
  source: Source,
  plan: readonly PlannedOutput[],
  context: RenderContext,
): Promise<readonly RenderedOutput[]> {
  const rendered = new Map<number, RenderedOutput>();
  const kept = new Map<number, Pixels>();
  // One after the other: a worker has one thread for pixels, and memory for one picture is enough.
  for (const index of makingOrder(plan)) {
    const planned = plan[index] as PlannedOutput;
    if (planned.output.tile !== undefined) continue;
    const about = { ...context, file: planned.output.file };
    await placingBlame(source, planned, about, async () => {
      const sized = sizedFor(source, planned, kept, context.maxInputPixels);
      const isKept = planned.isParent || planned.isSampled;
      const pixels = isKept ? await sized.raw().toBuffer({ resolveWithObject: true }) : null;
      if (pixels !== null && planned.isSampled) context.look?.(pixels);
      if (pixels !== null && planned.isParent) kept.set(index, pixels);
      const base = pixels === null ? sized : fromPixels(pixels);
      rendered.set(index, await finish(source, base, planned, about));
    });
    context.made?.();
  }
  return plan.flatMap((_planned, index) => rendered.get(index) ?? []);
}

/** A pyramid is made from the source in any case, and from nothing that is kept. */
function undiced(source: Source, planned: PlannedOutput, context: StepContext): Pyramid {
  const { output, format } = planned;
  return {
    output,
    format,
    dice: (target, basename) =>
      placingBlame(source, planned, context, async () => {
        const sized = sizedFor(source, planned, new Map(), context.maxInputPixels);
        return dice(await applySteps(sized, output.steps, context), { output, target, basename });
      }),
  };
}

/** Lets an error say whether the source, an overlay or the output is at fault. */
async function placingBlame<T>(
  source: Source,
  { output, frames }: PlannedOutput,
  { maxInputPixels: maxPixels, readOverlay }: StepContext,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    // What an overlay or a limit is reproached with keeps its name.
    if (cause instanceof SpooldError) throw cause;
    await requireDecodable(source, { maxPixels, frames });
    for (const path of readsOf({ source: source.path, outputs: [output] }).slice(1))
      await requireDecodable({ path, bytes: await readOverlay(path) }, { maxPixels });
    throw toSpooldError(cause, "OUTPUT_FAILED", { file: output.file });
  }
}

/** An output's picture before its steps: from its parent's pixels, or the direct way from the source. */
function sizedFor(
  source: Source,
  { output, parent, geometry }: PlannedOutput,
  kept: ReadonlyMap<number, Pixels>,
  maxPixels: number,
): Sharp {
  const pixels = parent === null ? undefined : kept.get(parent);
  if (pixels === undefined || geometry === null) {
    const picture = openPicture(source.bytes, maxPixels);
    const resize = resizeOptionsOf(output);
    return resize === null ? picture : picture.resize(resize);
  }
  const scaled = fromPixels(pixels).resize({ ...geometry.scaled, fit: "fill" });
  return geometry.crop === null ? scaled : scaled.extract(geometry.crop);
}

function fromPixels({ data, info: { width, height, channels } }: Pixels): Sharp {
  return sharp(data, { raw: { width, height, channels } });
}

/** Steps and encoding; an animation is made from the source in any case. */
async function finish(
  source: Source,
  sized: Sharp,
  { output, format, frames }: PlannedOutput,
  context: StepContext,
): Promise<RenderedOutput> {
  const { picture, timing } =
    frames > 1
      ? await animate(source, { output, resize: resizeOptionsOf(output), frames }, context)
      : { picture: await applySteps(sized, output.steps, context), timing: {} };
  const { data, info } = await encode(picture, output, timing).toBuffer({ resolveWithObject: true });
  return { file: output.file, format, bytes: data, width: info.width, height: info.pageHeight ?? info.height };
}

/**
 * Tells a damaged picture from trouble with an output, which sharp's errors do not: decodes all of it, keeps one
 * channel. At full size, for a smaller one misses faults; and not by `stats`, which lets warnings pass.
 */
async function requireDecodable(
  source: Source,
  { maxPixels, frames = 1 }: { readonly maxPixels: number; readonly frames?: number },
): Promise<void> {
  try {
    await openPicture(source.bytes, maxPixels, frames).extractChannel(0).raw().toBuffer();
  } catch (cause) {
    throw new SpooldError("SOURCE_DAMAGED", { path: source.path }, { cause });
  }
}
