import { SpooldError, toSpooldError } from "../errors.ts";
import type { Format } from "../task/task.ts";
import { openPicture } from "./decoders.ts";
import { encode } from "./encode.ts";
import type { PlannedOutput } from "./plan.ts";
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

/**
 * Makes every output of a plan: upright, sRGB, without the source's metadata.
 * @throws SOURCE_DAMAGED when the source's pixels cannot be decoded whole, what is wrong with an overlay,
 *   OUTPUT_FAILED for any other trouble
 */
export async function render(
  source: Pick<SourceBytes, "bytes" | "path">,
  plan: readonly PlannedOutput[],
  context: Omit<StepContext, "file">,
): Promise<readonly RenderedOutput[]> {
  const rendered: RenderedOutput[] = [];
  // One after the other: a worker has one thread for pixels, and memory for one picture is enough.
  for (const output of plan) rendered.push(await renderOne(source, output, context));
  return rendered;
}

async function renderOne(
  source: Pick<SourceBytes, "bytes" | "path">,
  { file, format, resize, output }: PlannedOutput,
  context: Omit<StepContext, "file">,
): Promise<RenderedOutput> {
  try {
    const picture = openPicture(source.bytes, context.maxInputPixels);
    const sized = resize === null ? picture : picture.resize(resize);
    const stepped = await applySteps(sized, output.steps, { ...context, file });
    const { data, info } = await encode(stepped, output).toBuffer({ resolveWithObject: true });
    return { file, format, bytes: data, width: info.width, height: info.height };
  } catch (cause) {
    await requireDecodable(source, context.maxInputPixels);
    // What an overlay is reproached with keeps its name.
    throw toSpooldError(cause, "OUTPUT_FAILED", { file });
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
