/**
 * The vocabulary: every word that an output may use for its pixels. The schema of a task, what is asked of sharp, the
 * README's tables and completion are all made from it.
 */
import type * as z from "zod";
import { ENCODERS, FORMATS, type Format } from "./encoders.ts";
import { blur, convolve, dilate, erode, median, sharpen } from "./filters.ts";
import { affine, extend, extract, flip, flop, rotate, trim } from "./geometry.ts";
import { composite, text } from "./overlays.ts";
import { RESIZE } from "./resize.ts";
import { spell } from "./spell.ts";
import type { Step } from "./step.ts";
import { tileOptions } from "./tile.ts";
import {
  clahe,
  flatten,
  gamma,
  grayscale,
  linear,
  modulate,
  negate,
  normalise,
  recomb,
  threshold,
  tint,
} from "./tones.ts";

/** Every step by its word. */
export const STEPS = {
  ...{ rotate, flip, flop, extract, trim, extend, flatten, affine, sharpen, median, blur, dilate, erode },
  ...{ gamma, negate, normalise, clahe, convolve, threshold, linear, recomb, modulate, tint, grayscale },
  ...{ composite, text },
} as const satisfies Readonly<Record<string, Step>>;

export type StepWord = keyof typeof STEPS;

/** One word of the vocabulary, for people. */
export interface Row {
  readonly kind: "resize" | "step" | "tile" | Format;
  readonly word: string;
  /** What may stand behind it. */
  readonly argument: string;
  readonly tells: string;
}

/** The whole vocabulary for people: a row for each word. */
export function vocabularyRows(): readonly Row[] {
  const steps = Object.entries(STEPS).map(([word, { argument, tells }]) => ({
    kind: "step" as const,
    word,
    argument: spell(argument),
    tells,
  }));
  const encoders = FORMATS.flatMap((format) => rowsOf(format, ENCODERS[format].options.shape));
  return [...rowsOf("resize", RESIZE), ...steps, ...encoders, ...rowsOf("tile", tileOptions().shape)];
}

function rowsOf(kind: Row["kind"], shape: z.ZodRawShape): Row[] {
  return Object.entries(shape).map(([word, schema]) => {
    const option = schema as z.ZodType;
    return { kind, word, argument: spell(option), tells: option.description ?? "" };
  });
}
