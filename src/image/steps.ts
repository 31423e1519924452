/**
 * Steps in the order in which they stand. Sharp's own pipeline has another: whatever the order of the calls, it turns
 * before it cuts, blurs before it lays on an overlay, negates last, and a second call of the same operation replaces
 * the first. Some operations even change the ones between them (a blur makes all of them see premultiplied colours).
 *
 * So the rule is: one step, one pipeline. Between two steps the picture lies in memory as pixels, in a PNG without
 * compression: unlike sharp's raw form it keeps transparency in grey and brings what is neither 8 nor 16 bits to that.
 * What stands before the first step (decoder, resize) is such a pipeline too; the last step's is handed back undone,
 * so that the encoder is its end. A picture with 16 bits a channel keeps them until a step that counts in 0 to 255.
 */
import sharp, { type Sharp } from "sharp";
import type { Output } from "../task/task.ts";
import { requireSides } from "./bounds.ts";
import { openPicture } from "./decoders.ts";
import type { Size, Step } from "./vocabulary/step.ts";
import { STEPS, type StepWord } from "./vocabulary/table.ts";

/** What steps need beside the picture. */
export interface StepContext {
  /** The output that they belong to, for errors. */
  readonly file: string;
  /** The largest overlay to open. */
  readonly maxInputPixels: number;
  /** The longest side that a step may make. */
  readonly maxOutputSide: number;
  /**
   * The bytes of an overlay, checked like those of a source.
   * @throws as `readSource` and `readHeader`
   */
  readonly readOverlay: (path: string) => Promise<Buffer>;
}

/**
 * Runs the steps of an output.
 * @param picture a pipeline of one frame that is not encoded yet
 * @returns a pipeline that is not encoded yet; the same one when there are no steps
 * @throws OUTPUT_TOO_LARGE when a step would make too long a side; what `readOverlay` throws; sharp's errors
 *   as they are, which may as well come from the decoder
 */
export async function applySteps(picture: Sharp, steps: Output["steps"], context: StepContext): Promise<Sharp> {
  if (steps === undefined || steps.length === 0) return picture;
  let isDeep = (await picture.metadata()).depth === "ushort";
  let current = picture;
  for (const { word, step, argument } of steps.map(namedStep)) {
    isDeep &&= !step.countsInBytes;
    const { bytes, ...still } = await settled(current, isDeep);
    requireSides(step.sizeAfter(argument, still), { file: context.file, step: word }, context.maxOutputSide);
    current = await step.apply(sharp(bytes), argument, {
      ...still,
      openOverlay: async (path) => openPicture(await context.readOverlay(path), context.maxInputPixels),
      openText: (text) => sharp({ text }),
    });
  }
  return current;
}

function namedStep(step: NonNullable<Output["steps"]>[number]): { word: StepWord; step: Step; argument: unknown } {
  const [[word, argument] = []] = Object.entries(step);
  if (word === undefined) throw new Error("a step without a word passed the schema");
  return { word: word as StepWord, step: STEPS[word as StepWord], argument };
}

/** All that was asked of a pipeline, done. */
async function settled(picture: Sharp, isDeep: boolean): Promise<Size & { bytes: Buffer; hasAlpha: boolean }> {
  const { data, info } = await picture
    .toColourspace(isDeep ? "rgb16" : "srgb")
    .png({ compressionLevel: 0 })
    .toBuffer({ resolveWithObject: true });
  return { bytes: data, width: info.width, height: info.height, hasAlpha: info.channels % 2 === 0 };
}
