/** Steps in which each pixel looks at its neighbours. Upper bounds below sharp's own keep one step to seconds. */
import * as z from "zod";
import { step } from "./step.ts";
import { bare, either, present } from "./values.ts";

const strength = z.number().min(0).max(1_000_000).optional();
const sigma = z.number().min(0.3).max(250);
const reach = z.int().min(1).max(50);

export const sharpen = step({
  argument: () =>
    either(
      "true, or { sigma, m1, m2, x1, y2, y3 }",
      bare,
      z.strictObject({
        sigma: z.number().min(0.000_001).max(10),
        m1: strength,
        m2: strength,
        x1: strength,
        y2: strength,
        y3: strength,
      }),
    ),
  tells: "sharpens: mildly, or with a mask of this sigma",
  apply: (picture, argument) => (argument === true ? picture.sharpen() : picture.sharpen(present(argument))),
});

export const median = step({
  argument: () => either("true, or a size from 1 to 99", bare, z.int().min(1).max(99)),
  tells: "takes the median of a square of this side in px, default 3: removes specks",
  apply: (picture, argument) => (argument === true ? picture.median() : picture.median(argument)),
});

export const blur = step({
  argument: () =>
    either(
      "true, a sigma from 0.3 to 250, or { sigma, minAmplitude, precision }",
      bare,
      sigma,
      z.strictObject({
        sigma,
        minAmplitude: z.number().min(0.001).max(1).optional(),
        precision: z.enum(["integer", "float", "approximate"]).optional(),
      }),
    ),
  tells: "blurs: mildly, or as a Gaussian of this sigma",
  apply(picture, argument) {
    if (argument === true) return picture.blur();
    return picture.blur(typeof argument === "number" ? argument : present(argument));
  },
});

export const dilate = step({
  argument: () => either("true, or a width from 1 to 50", bare, reach),
  tells: "widens what is black by so many px, default 1; for pictures of black and white",
  countsInBytes: true,
  apply: (picture, argument) => (argument === true ? picture.dilate() : picture.dilate(argument)),
});

export const erode = step({
  argument: () => either("true, or a width from 1 to 50", bare, reach),
  tells: "thins what is black by so many px, default 1; for pictures of black and white",
  countsInBytes: true,
  apply: (picture, argument) => (argument === true ? picture.erode() : picture.erode(argument)),
});

export const convolve = step({
  argument: () =>
    z
      .strictObject({
        width: z.int().min(3).max(21),
        height: z.int().min(3).max(21),
        kernel: z
          .array(z.number().min(-1_000_000).max(1_000_000))
          .min(9)
          .max(21 * 21),
        scale: z.int().min(1).max(1_000_000_000).optional(),
        offset: z.int().min(-255).max(255).optional(),
      })
      .refine(({ width, height, kernel }) => kernel.length === width * height, {
        path: ["kernel"],
        error: "as many numbers as width x height",
      }),
  tells: "mixes each pixel with its neighbours by a kernel of width x height numbers",
  countsInBytes: true,
  // Sharp writes its defaults into the kernel it is given.
  apply: (picture, kernel) => picture.convolve(present({ ...kernel })),
});
