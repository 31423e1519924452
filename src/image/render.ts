import { SpooldError } from "../errors.ts";
import type { Format } from "../task/task.ts";
import { openPicture } from "./decoders.ts";
import type { PlannedOutput } from "./plan.ts";
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

/**
 * Makes every output of a plan: upright, sRGB, without the source's metadata.
 * @throws SOURCE_DAMAGED when the source's pixels cannot be decoded whole, OUTPUT_FAILED for any other trouble
 */
export async function render(
  source: Pick<SourceBytes, "bytes" | "path">,
  plan: readonly PlannedOutput[],
  limits: Pick<InputLimits, "maxInputPixels">,
): Promise<readonly RenderedOutput[]> {
  const rendered: RenderedOutput[] = [];
  // One after the other: a worker has one thread for pixels, and memory for one picture is enough.
  for (const output of plan) rendered.push(await renderOne(source, output, limits.maxInputPixels));
  return rendered;
}

async function renderOne(
  source: Pick<SourceBytes, "bytes" | "path">,
  { file, format, resize, encoder }: PlannedOutput,
  maxPixels: number,
): Promise<RenderedOutput> {
  try {
    const picture = openPicture(source.bytes, maxPixels);
    const sized = resize === null ? picture : picture.resize(resize);
    const { data, info } = await sized.toFormat(format, encoder).toBuffer({ resolveWithObject: true });
    return { file, format, bytes: data, width: info.width, height: info.height };
  } catch (cause) {
    await requireDecodable(source, maxPixels);
    throw new SpooldError("OUTPUT_FAILED", { file }, { cause });
  }
}

/** Tells a damaged source from trouble with an output, which sharp's errors do not: decodes all of it, keeps nothing. */
async function requireDecodable(source: Pick<SourceBytes, "bytes" | "path">, maxPixels: number): Promise<void> {
  try {
    await openPicture(source.bytes, maxPixels).stats();
  } catch (cause) {
    throw new SpooldError("SOURCE_DAMAGED", { path: source.path }, { cause });
  }
}
