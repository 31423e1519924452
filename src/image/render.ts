import sharp, { type OutputInfo, type Sharp } from "sharp";
import { SpooldError, toSpooldError } from "../errors.ts";
import { type Format, readsOf } from "../task/task.ts";
import { animate } from "./animation.ts";
import { openPicture } from "./decoders.ts";
import { encode, resizeOptionsOf } from "./encode.ts";
import { makingOrder, type PlannedOutput } from "./plan.ts";
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

/** The pixels of an output that others are made from: 8 bits a channel, sRGB, as they lie in memory. */
interface Pixels {
  readonly data: Buffer;
  readonly info: OutputInfo;
}

type Source = Pick<SourceBytes, "bytes" | "path">;

/**
 * Makes every output of a plan: upright, sRGB, without the source's metadata.
 * @returns in the order of the plan
 * @throws SOURCE_DAMAGED when the pixels of the source or of an overlay cannot be decoded whole, what else is wrong
 *   with an overlay, OUTPUT_FAILED for any other trouble
 */
export async function render(
  source: Source,
  plan: readonly PlannedOutput[],
  context: Omit<StepContext, "file">,
): Promise<readonly RenderedOutput[]> {
  const rendered = new Map<number, RenderedOutput>();
  const kept = new Map<number, Pixels>();
  // One after the other: a worker has one thread for pixels, and memory for one picture is enough.
  for (const index of makingOrder(plan)) {
    const planned = plan[index] as PlannedOutput;
    const { file } = planned.output;
    try {
      const sized = sizedFor(source, planned, kept, context.maxInputPixels);
      const pixels = planned.isParent ? await sized.raw().toBuffer({ resolveWithObject: true }) : null;
      if (pixels !== null) kept.set(index, pixels);
      const base = pixels === null ? sized : fromPixels(pixels);
      rendered.set(index, await finish(source, base, planned, { ...context, file }));
    } catch (cause) {
      // What an overlay or a limit is reproached with keeps its name.
      if (cause instanceof SpooldError) throw cause;
      await requireDecodable(source, { maxPixels: context.maxInputPixels, frames: planned.frames });
      for (const path of readsOf({ source: source.path, outputs: [planned.output] }).slice(1))
        await requireDecodable({ path, bytes: await context.readOverlay(path) }, { maxPixels: context.maxInputPixels });
      throw toSpooldError(cause, "OUTPUT_FAILED", { file });
    }
  }
  return plan.map((_planned, index) => rendered.get(index) as RenderedOutput);
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
