import * as z from "zod";
import { ERRORS, type ErrorCode } from "../errors.ts";
import { FORMATS } from "../image/vocabulary/encoders.ts";
import { TILE_LAYOUTS } from "../image/vocabulary/tile.ts";
import { readAs } from "../task/read-as.ts";
import { MAX_RESULT_BYTES } from "./handlers/result.ts";
import type { EarlierWork, WorkerMessage } from "./protocol.ts";

const errorSchema = z.object({
  code: z.custom<ErrorCode>((code) => typeof code === "string" && Object.hasOwn(ERRORS, code)),
  message: z.string(),
  hint: z.string(),
  facts: z.record(z.string(), z.unknown()),
  causes: z.array(z.string()),
});

const digest = z.string().regex(/^[0-9a-f]{64}$/);

const sourceSchema = z.object({
  path: z.string(),
  width: z.number(),
  height: z.number(),
  bytes: z.number(),
  format: z.string(),
  orientation: z.int().min(1).max(8),
  dominant: z
    .string()
    .regex(/^#[0-9a-f]{6}$/)
    .exactOptional(),
  // A ThumbHash has 5 to 25 bytes.
  thumbhash: z
    .string()
    .max(36)
    .regex(/^[A-Za-z0-9+/]{7,34}={0,2}$/)
    .exactOptional(),
  frames: z.int().min(2).exactOptional(),
  sha256: digest.exactOptional(),
  overlays: z.array(z.object({ file: z.string(), sha256: digest })).exactOptional(),
});

const outputSchema = z.object({
  file: z.string(),
  path: z.string(),
  width: z.number(),
  height: z.number(),
  bytes: z.number(),
  format: z.enum(FORMATS),
  sha256: z.string(),
  tiles: z.object({ layout: z.enum(TILE_LAYOUTS), files: z.number(), folder: z.string().nullable() }).exactOptional(),
});

const preparedSchema = outputSchema.extend({ temporary: z.string() });

/** The longest text of a progress and of a line, in characters. */
export const MAX_PROGRESS_TEXT = 200;
export const MAX_LINE_TEXT = 1_024;

/** How many lines a handler may have in the log, and how long the JSON of their fields may be. */
export const SAYS = { burst: 20, perSecond: 10, fields: 4_096 };

const attemptId = { number: z.number(), attempt: z.number() };

const resultSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("prepared"), source: sourceSchema, outputs: z.array(preparedSchema) }),
  z.object({ kind: z.literal("fresh") }),
  z.object({ kind: z.literal("handled"), json: z.string().max(MAX_RESULT_BYTES) }),
  z.object({ kind: z.literal("failed"), error: errorSchema }),
]);

const messageSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ready") }),
  z.object({ kind: z.literal("unusable"), error: errorSchema }),
  z.object({ kind: z.literal("spent"), error: errorSchema }),
  z.object({
    kind: z.literal("progress"),
    ...attemptId,
    part: z.number().min(0).max(1),
    text: z.string().max(MAX_PROGRESS_TEXT).nullable(),
  }),
  z.object({
    kind: z.literal("says"),
    ...attemptId,
    text: z.string().max(MAX_LINE_TEXT),
    fields: z.string().max(SAYS.fields).nullable(),
    dropped: z.int().min(0),
  }),
  z.object({ kind: z.literal("rendered"), ...attemptId }),
  z.object({ kind: z.literal("ended"), ...attemptId, result: resultSchema }),
]);

/**
 * A message as it came: a hostile picture may have taken the worker over, so nothing of it is believed unread.
 * @returns undefined when it is none
 */
export function readMessage(message: unknown): WorkerMessage | undefined {
  const read = readAs(messageSchema, message);
  return read.success ? read.data : undefined;
}

const receiptSchema = z.object({ key: z.string(), source: sourceSchema, outputs: z.array(outputSchema) });

/** What a receipt says of the work of a task with a key; undefined when it says nothing of that. */
export function readEarlierWork(receipt: unknown, key: string): EarlierWork | undefined {
  const { data } = readAs(receiptSchema, receipt);
  return data?.key === key ? { source: data.source, outputs: data.outputs } : undefined;
}
