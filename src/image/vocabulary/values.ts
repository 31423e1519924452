/** Kinds of values that several words of the vocabulary share. */
import * as z from "zod";

/** The longest side of an output in pixels: the limit of JPEG and WebP encoders lies at or just above it. */
const MAX_SIDE = 16_383;

/** A number of pixels from `min` to the longest side there is. */
export function pixels(min: number): z.ZodInt {
  return z.int().min(min).max(MAX_SIDE);
}

export const yesOrNo = z.boolean();

/** Deeper than any tree that people keep: what is looked up for each level of a path must not add up. */
const MAX_LEVELS = 128;

/** A path in a task: relative ones start at the first root. */
export const filePath = z
  .string()
  .min(1)
  .max(4_096)
  .refine((text) => !text.includes("\0"), "a path without NUL characters")
  .refine((text) => text.split("/").length <= MAX_LEVELS, `a path of at most ${MAX_LEVELS} levels`);

/** Where sharp needs no argument, or has a default for all of it. */
export const bare = z.literal(true);

/** One of several forms, with one sentence that names them all when none fits. */
export function either<Forms extends readonly [z.ZodType, z.ZodType, ...z.ZodType[]]>(
  expected: string,
  ...forms: Forms
): z.ZodUnion<Forms> {
  return z.union(forms, { error: expected });
}

/**
 * Leaves out the members that are not there: sharp's types know no `undefined`, and some of its checks take it for a
 * wrong value.
 */
export function present<Value extends object>(
  value: Value,
): { [Member in keyof Value]: Exclude<Value[Member], undefined> } {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries) as { [Member in keyof Value]: Exclude<Value[Member], undefined> };
}
