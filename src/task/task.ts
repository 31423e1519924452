import { z } from "zod";
import { ENCODERS, FORMATS, type Format } from "../image/vocabulary/encoders.ts";
import { RESIZE } from "../image/vocabulary/resize.ts";
import { STEPS, type StepWord } from "../image/vocabulary/table.ts";
import { TILE } from "../image/vocabulary/tile.ts";
import { filePath } from "../image/vocabulary/values.ts";

export type { Format };

/** Formats that an output may have, by the file endings that mean them. */
export const FORMAT_ENDINGS = Object.fromEntries(
  FORMATS.map((format) => [format, ENCODERS[format].endings]),
) as Readonly<Record<Format, readonly string[]>>;

const label = z.string().max(1_024);

const stepSchema = z
  .strictObject(stepArguments())
  .refine((step) => Object.keys(step).length === 1, {
    error: "one step: an object with exactly one member",
    // An unknown member has its own fault, and is not counted here.
    when: ({ issues }) => issues.length === 0,
  })
  .meta({ minProperties: 1, maxProperties: 1 });

/** The options of an encoder that fit at least one; that they fit the output's own is checked with its format. */
const encodeSchema = z.union(
  FORMATS.map((format) => ENCODERS[format].options) as EncoderOptions[],
  "options of the output's encoder",
);

const outputSchema = z.strictObject({
  file: filePath.describe("where the picture goes, relative to the first root"),
  ...RESIZE,
  pages: z.int().min(1).max(100_000).optional().describe("how many frames of an animation to keep; default all"),
  steps: z.array(stepSchema).max(64).optional().describe("what is done to the picture after its resize, in order"),
  format: z.enum(FORMATS).optional().describe("default: what the ending of `file` says"),
  quality: z.int().min(1).max(100).optional().describe("the encoder's quality; default sharp's own"),
  encode: encodeSchema.optional().describe("more options of the format's encoder"),
  tile: z.strictObject(TILE).optional().describe("makes a pyramid of tiles instead of one picture"),
});

/** What a task file may hold. Strict: a member that is not named here is an error, never ignored. */
export const taskSchema = z.strictObject({
  key: z
    .string()
    .regex(/^[0-9a-f]{64}$/, { error: "64 hexadecimal digits" })
    .optional()
    .describe("sha256 of the instructions; written by enqueue"),
  source: filePath.describe("the picture to read, relative to the first root"),
  outputs: z.array(outputSchema).min(1).max(256).describe("the pictures to make; all appear or none"),
  supplicant: label.optional().describe("who asks"),
  summary: label.optional().describe("what for"),
  priority: z.int().min(0).max(100).optional().describe("higher ones start first; default 0"),
  timeoutMs: z.int().min(1).max(86_400_000).optional().describe("deadline of one attempt; default the daemon's"),
});

/** A checked task: instructions for pictures, and who asks for them. */
export type Task = Readonly<z.infer<typeof taskSchema>>;
export type Output = Task["outputs"][number];

/** The format of an output: what it says itself, else jpeg for tiles, else what its file's ending means, else undefined. */
export function formatOf(output: Pick<Output, "file" | "format"> & { readonly tile?: unknown }): Format | undefined {
  if (output.format !== undefined) return output.format;
  if (output.tile !== undefined) return "jpeg";
  const lower = output.file.toLowerCase();
  return FORMATS.find((format) => FORMAT_ENDINGS[format].some((ending) => lower.endsWith(ending)));
}

/** The files that a task reads, as it names them: its source, then the overlays, each once. */
export function readsOf({ source, outputs }: Task): readonly string[] {
  const steps = outputs.flatMap((output) => output.steps ?? []);
  return [...new Set([source, ...steps.flatMap(({ composite }) => composite?.input ?? [])])];
}

type EncoderOptions = (typeof ENCODERS)[Format]["options"];
type StepArguments = { [Word in StepWord]: z.ZodOptional<(typeof STEPS)[Word]["argument"]> };

function stepArguments(): StepArguments {
  const entries = Object.entries(STEPS).map(([word, { argument, tells }]) => {
    return [word, argument.optional().describe(tells)];
  });
  return Object.fromEntries(entries) as StepArguments;
}
