import sharp, { type OutputInfo, type Sharp } from "sharp";
import { SpooldError } from "../errors.ts";
import type { Format } from "../task/task.ts";
import { openPicture } from "./decoders.ts";
import { makingOrder, type PlannedOutput, resizeOf } from "./plan.ts";
import type { InputLimits, SourceBytes } from "./source.ts";

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
 * @throws SOURCE_DAMAGED when the source's pixels cannot be decoded whole, OUTPUT_FAILED for any other trouble
 */
export async function render(
  source: Source,
  plan: readonly PlannedOutput[],
  limits: Pick<InputLimits, "maxInputPixels">,
): Promise<readonly RenderedOutput[]> {
  const rendered = new Map<number, RenderedOutput>();
  const kept = new Map<number, Pixels>();
  // One after the other: a worker has one thread for pixels, and memory for one picture is enough.
  for (const index of makingOrder(plan)) {
    const planned = plan[index] as PlannedOutput;
    try {
      const picture = pictureFor(source, planned, kept, limits.maxInputPixels);
      const pixels = planned.isParent ? await picture.raw().toBuffer({ resolveWithObject: true }) : null;
      if (pixels !== null) kept.set(index, pixels);
      rendered.set(index, await encode(pixels === null ? picture : fromPixels(pixels), planned));
    } catch (cause) {
      await requireDecodable(source, limits.maxInputPixels);
      throw new SpooldError("OUTPUT_FAILED", { file: planned.output.file }, { cause });
    }
  }
  return plan.map((_planned, index) => rendered.get(index) as RenderedOutput);
}

/** An output's picture before it is encoded: from its parent's pixels, or the direct way from the source. */
function pictureFor(
  source: Source,
  { output, parent, geometry }: PlannedOutput,
  kept: ReadonlyMap<number, Pixels>,
  maxPixels: number,
): Sharp {
  const pixels = parent === null ? undefined : kept.get(parent);
  if (pixels === undefined || geometry === null) {
    const picture = openPicture(source.bytes, maxPixels);
    const resize = resizeOf(output);
    return resize === null ? picture : picture.resize(resize);
  }
  const scaled = fromPixels(pixels).resize({ ...geometry.scaled, fit: "fill" });
  return geometry.crop === null ? scaled : scaled.extract(geometry.crop);
}

function fromPixels({ data, info: { width, height, channels } }: Pixels): Sharp {
  return sharp(data, { raw: { width, height, channels } });
}

async function encode(picture: Sharp, { output, format }: PlannedOutput): Promise<RenderedOutput> {
  const encoder = output.quality === undefined ? {} : { quality: output.quality };
  const { data, info } = await picture.toFormat(format, encoder).toBuffer({ resolveWithObject: true });
  return { file: output.file, format, bytes: data, width: info.width, height: info.height };
}

/** Tells a damaged source from trouble with an output, which sharp's errors do not: decodes all of it, keeps nothing. */
async function requireDecodable(source: Source, maxPixels: number): Promise<void> {
  try {
    await openPicture(source.bytes, maxPixels).stats();
  } catch (cause) {
    throw new SpooldError("SOURCE_DAMAGED", { path: source.path }, { cause });
  }
}
