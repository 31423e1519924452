import * as z from "zod";
import { ENCODERS, FORMATS, type Format } from "../image/vocabulary/encoders.ts";
import { lazily } from "../image/vocabulary/lazily.ts";
import { RESIZE } from "../image/vocabulary/resize.ts";
import { STEPS, type StepWord } from "../image/vocabulary/table.ts";
import { tileOptions } from "../image/vocabulary/tile.ts";
import { filePath } from "../image/vocabulary/values.ts";
import { BATCH_NAME, HANDLER_NAME } from "./words.ts";

export type { Format };

/** Formats that an output may have, by the file endings that mean them. */
export const FORMAT_ENDINGS = Object.fromEntries(
  FORMATS.map((format) => [format, ENCODERS[format].endings]),
) as Readonly<Record<Format, readonly string[]>>;

const label = z.string().max(1_024);

/** The longest deadline of an attempt: a day. */
const MAX_DEADLINE_MS = 86_400_000;
/** The furthest that a task may be put off by a number of ms: ten years. */
const MAX_AHEAD_MS = 315_576_000_000;

const batchName = z.string().regex(BATCH_NAME, { error: "1 to 64 of A-Z, a-z, 0-9, ., _ and -, no sign first" });
const touched = z.array(filePath).max(256);

const stepSchema = lazily(() =>
  z
    .strictObject(stepArguments())
    .refine((step) => Object.keys(step).length === 1, {
      error: "one step: an object with exactly one member",
      // An unknown member has its own fault, and is not counted here.
      when: ({ issues }) => issues.length === 0,
    })
    .meta({ minProperties: 1, maxProperties: 1 }),
);

/** The options of an encoder that fit at least one; that they fit the output's own is checked with its format. */
const encodeSchema = lazily(() =>
  z.union(FORMATS.map((format) => ENCODERS[format].options) as EncoderOptions[], "options of the output's encoder"),
);

const outputSchema = z.strictObject({
  file: filePath.describe("where the picture goes, relative to the first root"),
  ...RESIZE,
  pages: z.int().min(1).max(100_000).optional().describe("how many frames of an animation to keep; default all"),
  steps: z
    .array(z.lazy(stepSchema))
    .max(64)
    .optional()
    .describe("what is done to the picture after its resize, in order"),
  format: z.enum(FORMATS).optional().describe("default: what the ending of `file` says"),
  quality: z.int().min(1).max(100).optional().describe("the encoder's quality; default sharp's own"),
  encode: z.lazy(encodeSchema).optional().describe("more options of the format's encoder"),
  tile: z.lazy(tileOptions).optional().describe("makes a pyramid of tiles instead of one picture"),
});

const key = z
  .string()
  .regex(/^[0-9a-f]{64}$/, { error: "64 hexadecimal digits" })
  .optional()
  .describe("sha256 of the instructions; written by enqueue");

/** What any task may say of itself, whatever its work is. */
const COMMON = {
  supplicant: label.optional().describe("who asks"),
  summary: label.optional().describe("what for"),
  priority: z.int().min(0).max(100).optional().describe("higher ones start first; default 0"),
  timeoutMs: z.int().min(1).max(MAX_DEADLINE_MS).optional().describe("deadline of one attempt; default the daemon's"),
  maxAttempts: z.int().min(1).max(100).optional().describe("attempts before it counts as failed; default the daemon's"),
  runAt: z.iso
    .datetime({ offset: true, error: "a date and time as 2027-01-31T12:00:00Z" })
    .optional()
    .describe("not before this time; then it takes its place in the order"),
  delay: z.int().min(0).max(MAX_AHEAD_MS).optional().describe("ms to wait; enqueue makes a `runAt` of it"),
  dedupe: z
    .union([z.literal(true), z.string().min(1).max(256)], { error: "true, or a word" })
    .optional()
    .describe("while a task with this word has not ended, no other is queued; true: with the same instructions"),
  after: z
    .array(z.int().min(1).max(Number.MAX_SAFE_INTEGER))
    .min(1)
    .max(64)
    .optional()
    .describe("numbers of earlier tasks that must be done first; fails when one of them fails"),
  batch: batchName.optional().describe("the batch that it is counted in"),
  afterBatch: batchName.optional().describe("waits until all earlier tasks of this batch have ended, done or not"),
};

/** What the file of a task on pictures may hold. Strict: a member that is not named here is an error, never ignored. */
export const taskSchema = z.strictObject({
  key,
  source: filePath.describe("the picture to read, relative to the first root"),
  outputs: z.array(outputSchema).min(1).max(256).describe("the pictures to make; all appear or none"),
  skipIfFresh: z.boolean().optional().describe("done at once when the outputs were made from this very source"),
  ...COMMON,
});

/** What the file of a task that is work for a handler may hold. */
export const handlerTaskSchema = lazily(() =>
  z.strictObject({
    key,
    handler: z
      .string()
      .regex(HANDLER_NAME, { error: "the name of a handler: 1 to 64 of a-z, 0-9 and -, no - first" })
      .describe("the handler that does the work"),
    data: z.json().optional().describe("what the handler is given"),
    reads: touched.optional().describe("files that it reads; with `writes`, other tasks may run beside it"),
    writes: touched.optional().describe("files that it writes"),
    ...COMMON,
  }),
);

/** A checked task on pictures. */
export type PictureTask = Readonly<z.infer<typeof taskSchema>>;
/** A checked task that is work for a handler. */
export type HandlerTask = Readonly<z.infer<ReturnType<typeof handlerTaskSchema>>>;
/** A checked task: instructions, and who asks for them. */
export type Task = PictureTask | HandlerTask;
export type Output = PictureTask["outputs"][number];

/** Whether a task is work for a handler and not for pictures. */
export function isHandlerTask(task: Task): task is HandlerTask {
  return "handler" in task;
}

/** The handler that a task is work for, or null. */
export function handlerOf(task: Task): string | null {
  return isHandlerTask(task) ? task.handler : null;
}

/** The format of an output: what it says itself, else jpeg for tiles, else what its file's ending means, else undefined. */
export function formatOf(output: Pick<Output, "file" | "format"> & { readonly tile?: unknown }): Format | undefined {
  if (output.format !== undefined) return output.format;
  if (output.tile !== undefined) return "jpeg";
  const lower = output.file.toLowerCase();
  return FORMATS.find((format) => FORMAT_ENDINGS[format].some((ending) => lower.endsWith(ending)));
}

/** The files that a task reads, as it names them: its source, then the overlays, each once. */
export function readsOf({ source, outputs }: Pick<PictureTask, "source" | "outputs">): readonly string[] {
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
