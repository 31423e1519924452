/** Values for words of the vocabulary, read off their schemas, so that no word can be forgotten. */
import { z } from "zod";
import { ENCODERS, FORMATS, type Format } from "../../src/image/vocabulary/encoders.ts";
import { RESIZE } from "../../src/image/vocabulary/resize.ts";
import { STEPS, type StepWord } from "../../src/image/vocabulary/table.ts";
import { type Tile, tileOptions } from "../../src/image/vocabulary/tile.ts";

type Json = z.core.JSONSchema.BaseSchema;

/** One word of the vocabulary, and how a value of it lies in an output. */
export interface Word {
  readonly name: string;
  readonly schema: z.ZodType;
  readonly pointer: string;
  readonly output: (value: unknown) => Record<string, unknown>;
}

/** Every word. */
export function words(): Word[] {
  const resize = Object.entries(RESIZE).map(([word, schema]) => ({
    name: word,
    schema,
    pointer: `/outputs/0/${word}`,
    output: (value: unknown) => ({ file: "out.png", [word]: value }),
  }));
  const steps = Object.entries(STEPS).map(([word, { argument }]) => ({
    name: `step ${word}`,
    schema: argument as z.ZodType,
    pointer: `/outputs/0/steps/0/${word}`,
    output: (value: unknown) => ({ file: "out.png", steps: [{ [word]: value }] }),
  }));
  return [...resize, ...steps, ...FORMATS.flatMap(encoderWords), ...tileWords()];
}

/** Every option of a pyramid, beside what it needs to make sense. */
function tileWords(): Word[] {
  const beside: Readonly<Partial<Record<keyof Tile, object>>> = {
    overlap: { size: 8_192 },
    ...{ centre: { layout: "google" }, center: { layout: "google" }, id: { layout: "iiif3" } },
    basename: { container: "zip" },
  };
  return Object.entries(tileOptions().shape).map(([word, schema]) => ({
    name: `tile ${word}`,
    schema,
    pointer: `/outputs/0/tile/${word}`,
    output: (value: unknown) => {
      const tile = { ...beside[word as keyof Tile], [word]: value };
      return { file: `out${endingOf(tile)}`, tile };
    },
  }));
}

function endingOf({ container, layout }: { readonly container?: unknown; readonly layout?: unknown }): string {
  if (container === "zip") return ".zip";
  return layout === undefined || layout === "dz" ? ".dzi" : "";
}

/** Every option of one format's encoder. */
export function encoderWords(format: Format): Word[] {
  return Object.entries(ENCODERS[format].options.shape).map(([word, schema]) => ({
    name: `${format} ${word}`,
    schema: schema as z.ZodType,
    pointer: `/outputs/0/encode/${word}`,
    output: (value: unknown) => ({ file: `out.${format}`, encode: { [word]: value } }),
  }));
}

/** Values at the edges of what a schema accepts: every bound, every word, both truths. */
export function edges(schema: z.ZodType): unknown[] {
  return edgesOf(z.toJSONSchema(schema, { io: "input" }));
}

function edgesOf(json: Json): unknown[] {
  if (json.anyOf !== undefined) return json.anyOf.flatMap((form) => edgesOf(form as Json));
  if (json.enum !== undefined) return json.enum;
  if (json.const !== undefined) return [json.const];
  if (json.type === "boolean") return [true, false];
  if (json.type === "array") return edgesOf(json.items as Json).map((value) => [value]);
  return [json.minimum, json.maximum].filter((value) => value !== undefined);
}

/** The members that an argument may have, in any of its forms. */
export function membersOf(schema: z.ZodType): string[] {
  const json = z.toJSONSchema(schema, { io: "input" });
  const forms = json.anyOf ?? [json];
  return [...new Set(forms.flatMap((form) => Object.keys((form as Json).properties ?? {})))];
}

/** For every step at least one argument that it takes. */
export const STEP_SAMPLES: Readonly<Record<StepWord, readonly unknown[]>> = {
  rotate: [90, -360, 12.5, { angle: 30, background: "#ff000080" }],
  flip: [true],
  flop: [true],
  extract: [{ left: 0, top: 1, width: 2, height: 3 }],
  trim: [true, { background: "white", threshold: 0, lineArt: true, margin: 2 }],
  extend: [1, { top: 3, left: 1, bottom: 0, right: 2, background: { r: 1, g: 2, b: 3 }, extendWith: "mirror" }],
  flatten: [true, { background: "#abc" }],
  affine: [
    {
      matrix: [
        [1, 0.2],
        [0.1, 1],
      ],
      background: "red",
      idx: 1,
      idy: 1,
      odx: 1,
      ody: 1,
      interpolator: "lbb",
    },
  ],
  sharpen: [true, { sigma: 1, m1: 1, m2: 1, x1: 1, y2: 1, y3: 1 }],
  median: [true, 1, 5],
  blur: [true, 0.3, { sigma: 1, minAmplitude: 0.5, precision: "float" }],
  dilate: [true, 2],
  erode: [true, 2],
  gamma: [true, 1, 3, { gamma: 1.5 }, { gammaOut: 2 }],
  negate: [true, { alpha: false }],
  normalise: [true, { lower: 0, upper: 100 }],
  clahe: [
    { width: 200, height: 2, maxSlope: 0 },
    { width: 3, height: 3 },
  ],
  convolve: [{ width: 3, height: 3, kernel: [0, 1, 0, 1, 1, 1, 0, 1, 0], scale: 5, offset: 1 }],
  threshold: [true, 1, 255, { threshold: 10, grayscale: false }, { threshold: 10, greyscale: true }],
  linear: [{ a: 1.5 }, { b: 3 }, { a: [1, 1, 2], b: [0, 0, 9] }, {}],
  recomb: [
    [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
  ],
  modulate: [{}, { brightness: 1.1, saturation: 0, hue: -90, lightness: 3 }],
  tint: ["rebeccapurple", "#ABCDEF", "#abcd", { r: 0, g: 255, b: 0, alpha: 1 }],
  grayscale: [true],
  composite: [{ input: "logo.png", width: 9, gravity: "southeast", tile: true, blend: "multiply", opacity: 0.5 }],
  text: [{ text: "a & <b>", font: "sans", size: 8, colour: "red", align: "centre", top: -1, left: 2 }],
};
