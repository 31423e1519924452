/** Steps that change colours pixel by pixel. */
import * as z from "zod";
import { colour } from "./colour.ts";
import { step } from "./step.ts";
import { bare, either, present, yesOrNo } from "./values.ts";

const exponent = z.number().min(1).max(3);
const level = z.int().min(1).max(255);
const number = z.number().min(-1_000_000).max(1_000_000);
const perChannel = either("a number, or one number a channel", number, z.array(number).min(1).max(4));
const three = z.tuple([number, number, number]);
const four = z.tuple([number, number, number, number]);
const amount = z.number().min(0).max(100);

export const flatten = step({
  argument: () => either("true, or { background }", bare, z.strictObject({ background: colour.optional() })),
  tells: "lays the picture on a background, default black, and drops its transparency",
  apply: (picture, argument) => picture.flatten(argument === true ? true : present(argument)),
});

export const gamma = step({
  argument: () =>
    either(
      "true, a number from 1 to 3, or { gamma, gammaOut }",
      bare,
      exponent,
      z.strictObject({ gamma: exponent.optional(), gammaOut: exponent.optional() }),
    ),
  tells: "darkens by `gamma` and brightens by `gammaOut`, each 1 unless given; a number alone brightens, default 2.2",
  // Sharp darkens before a resize and brightens after it. A step has no resize between the two, so its one number
  // would undo itself.
  apply(picture, argument) {
    if (argument === true) return picture.gamma(1, 2.2);
    if (typeof argument === "number") return picture.gamma(1, argument);
    return picture.gamma(argument.gamma ?? 1, argument.gammaOut ?? 1);
  },
});

export const negate = step({
  argument: () => either("true, or { alpha }", bare, z.strictObject({ alpha: yesOrNo.optional() })),
  tells: "turns colours into their negative, and transparency too unless `alpha` is false",
  apply: (picture, argument) => picture.negate(argument === true ? true : present(argument)),
});

export const normalise = step({
  argument: () =>
    either(
      "true, or { lower, upper }",
      bare,
      z
        .strictObject({ lower: z.int().min(0).max(99).optional(), upper: z.int().min(1).max(100).optional() })
        .refine(({ lower = 1, upper = 99 }) => lower < upper, "lower (default 1) below upper (default 99)"),
    ),
  tells: "stretches lightness between these percentiles over the whole range",
  apply: (picture, argument) => picture.normalise(argument === true ? {} : present(argument)),
});

export const clahe = step({
  argument: () =>
    z.strictObject({
      // Sharp takes 65,536; at 1,000 a picture of 3 megapixels was measured to take two minutes.
      width: z.int().min(1).max(200),
      height: z.int().min(1).max(200),
      maxSlope: z.int().min(0).max(100).optional(),
    }),
  tells: "evens out contrast in regions of width x height px",
  countsInBytes: true,
  // libvips refuses a region larger than the picture; a task does not know how small its source may be.
  apply: (picture, { width, height, ...options }, stage) =>
    picture.clahe({
      width: Math.min(width, stage.width),
      height: Math.min(height, stage.height),
      ...present(options),
    }),
});

export const threshold = step({
  argument: () =>
    either(
      "true, a level from 1 to 255, or { threshold, grayscale }",
      bare,
      level,
      z.strictObject({ threshold: level, grayscale: yesOrNo.optional(), greyscale: yesOrNo.optional() }),
    ),
  tells: "makes pixels at or above this level white and the others black, default 128; `grayscale`: false, per channel",
  countsInBytes: true,
  apply(picture, argument) {
    if (argument === true) return picture.threshold();
    if (typeof argument === "number") return picture.threshold(argument);
    return picture.threshold(argument.threshold, { grayscale: argument.grayscale ?? argument.greyscale ?? true });
  },
});

export const linear = step({
  argument: () =>
    z
      .strictObject({ a: perChannel.optional(), b: perChannel.optional() })
      .refine(
        ({ a, b }) => a === undefined || b === undefined || channels(a) === channels(b),
        "as many numbers in a as in b",
      ),
  tells: "a x value + b, in 0 to 255; a is 1 and b is 0 unless given",
  countsInBytes: true,
  apply(picture, { a, b }) {
    const count = Math.max(channels(a), channels(b));
    return picture.linear(list(a ?? Array(count).fill(1)), list(b ?? Array(count).fill(0)));
  },
});

export const recomb = step({
  argument: () =>
    either("a matrix of 3 x 3 or 4 x 4 numbers", z.tuple([three, three, three]), z.tuple([four, four, four, four])),
  tells: "mixes the channels by a matrix, one row for each that comes out; 4 x 4 needs transparency",
  countsInBytes: true,
  apply: (picture, matrix) => picture.recomb(matrix),
});

export const modulate = step({
  argument: () =>
    z.strictObject({
      brightness: amount.optional(),
      saturation: amount.optional(),
      hue: z.int().min(-360).max(360).optional(),
      lightness: z.number().min(-100).max(100).optional(),
    }),
  tells: "multiplies brightness and saturation, turns the hue by degrees, adds to lightness",
  apply: (picture, argument) => picture.modulate(present(argument)),
});

export const tint = step({
  argument: () => colour,
  tells: "gives a grey version this colour",
  apply: (picture, argument) => picture.tint(argument),
});

export const grayscale = step({
  argument: () => bare,
  tells: "takes the colours away",
  apply: (picture) => picture.grayscale(),
});

function list(value: number | number[]): number[] {
  return typeof value === "number" ? [value] : value;
}

function channels(value: number | number[] | undefined): number {
  return value === undefined ? 1 : list(value).length;
}
