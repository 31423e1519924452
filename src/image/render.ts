import { SpooldError, toSpooldError } from "../errors.ts";
import type { Format } from "../task/task.ts";
import { type Animated, animate } from "./animation.ts";
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
  planned: PlannedOutput,
  context: Omit<StepContext, "file">,
): Promise<RenderedOutput> {
  const { file, format, output, frames } = planned;
  try {
    const { picture, timing } = await drawn(source, planned, { ...context, file });
    const { data, info } = await encode(picture, output, timing).toBuffer({ resolveWithObject: true });
    return { file, format, bytes: data, width: info.width, height: info.pageHeight ?? info.height };
  } catch (cause) {
    // What an overlay or a limit is reproached with keeps its name.
    if (cause instanceof SpooldError) throw cause;
    await requireDecodable(source, { maxPixels: context.maxInputPixels, frames });
    throw toSpooldError(cause, "OUTPUT_FAILED", { file });
  }
}

async function drawn(
  source: Pick<SourceBytes, "bytes" | "path">,
  planned: PlannedOutput,
  context: StepContext,
): Promise<Animated> {
  if (planned.frames > 1) return animate(source, planned, context);
  const picture = openPicture(source.bytes, context.maxInputPixels);
  const sized = planned.resize === null ? picture : picture.resize(planned.resize);
  return { picture: await applySteps(sized, planned.output.steps, context), timing: {} };
}

/** Tells a damaged source from trouble with an output, which sharp's errors do not: decodes all of it, keeps nothing. */
async function requireDecodable(
  source: Pick<SourceBytes, "bytes" | "path">,
  { maxPixels, frames }: { readonly maxPixels: number; readonly frames: number },
): Promise<void> {
  try {
    await openPicture(source.bytes, maxPixels, frames).stats();
  } catch (cause) {
    throw new SpooldError("SOURCE_DAMAGED", { path: source.path }, { cause });
  }
}
