import { z } from "zod";
import { ERRORS, type ErrorCode } from "../errors.ts";
import { FORMATS } from "../image/vocabulary/encoders.ts";
import { TILE_LAYOUTS } from "../image/vocabulary/tile.ts";
import type { WorkerMessage } from "./protocol.ts";

const errorSchema = z.object({
  code: z.custom<ErrorCode>((code) => typeof code === "string" && Object.hasOwn(ERRORS, code)),
  message: z.string(),
  hint: z.string(),
  facts: z.record(z.string(), z.unknown()),
  causes: z.array(z.string()),
});

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
});

const outputSchema = z.object({
  file: z.string(),
  path: z.string(),
  temporary: z.string(),
  width: z.number(),
  height: z.number(),
  bytes: z.number(),
  format: z.enum(FORMATS),
  sha256: z.string(),
  tiles: z.object({ layout: z.enum(TILE_LAYOUTS), files: z.number(), folder: z.string().nullable() }).exactOptional(),
});

const resultSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("prepared"), source: sourceSchema, outputs: z.array(outputSchema) }),
  z.object({ kind: z.literal("failed"), error: errorSchema }),
]);

const messageSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ready") }),
  z.object({ kind: z.literal("unusable"), error: errorSchema }),
  z.object({ kind: z.literal("rendered"), number: z.number(), attempt: z.number() }),
  z.object({ kind: z.literal("ended"), number: z.number(), attempt: z.number(), result: resultSchema }),
]);

/**
 * A message as it came: a hostile picture may have taken the worker over, so nothing of it is believed unread.
 * @returns undefined when it is none
 */
export function readMessage(message: unknown): WorkerMessage | undefined {
  const read = messageSchema.safeParse(message);
  return read.success ? read.data : undefined;
}
