/** Steps that move, cut or add pixels. */
import * as z from "zod";
import { colour } from "./colour.ts";
import { step } from "./step.ts";
import { bare, either, pixels, present, yesOrNo } from "./values.ts";

const angle = z.number().min(-360).max(360);
const offset = z.number().min(-16_383).max(16_383);
const factor = z.number().min(-100).max(100);
const INTERPOLATORS = ["nearest", "bilinear", "bicubic", "lbb", "nohalo", "vsqbs"] as const;

export const rotate = step({
  argument: () =>
    either(
      "an angle from -360 to 360, or { angle, background }",
      angle,
      z.strictObject({ angle, background: colour.optional() }),
    ),
  tells: "turns clockwise by so many degrees; the corners of any but a right angle get the background, default black",
  apply: (picture, argument) =>
    typeof argument === "number"
      ? picture.rotate(argument)
      : picture.rotate(argument.angle, present({ background: argument.background })),
  sizeAfter(argument, { width, height }) {
    const radians = ((typeof argument === "number" ? argument : argument.angle) * Math.PI) / 180;
    const [across, along] = [Math.abs(Math.cos(radians)), Math.abs(Math.sin(radians))];
    return { width: width * across + height * along, height: width * along + height * across };
  },
  foretellsSize: (argument) => (typeof argument === "number" ? argument : argument.angle) % 90 === 0,
});

export const flip = step({
  argument: () => bare,
  tells: "mirrors top and bottom",
  apply: (picture) => picture.flip(),
});

export const flop = step({
  argument: () => bare,
  tells: "mirrors left and right",
  apply: (picture) => picture.flop(),
});

export const extract = step({
  argument: () => z.strictObject({ left: pixels(0), top: pixels(0), width: pixels(1), height: pixels(1) }),
  tells: "keeps this part, px from the top left; it must lie inside the picture",
  apply: (picture, region) => picture.extract(region),
  sizeAfter: ({ width, height }) => ({ width, height }),
});

export const trim = step({
  argument: () =>
    either(
      "true, or { background, threshold, lineArt, margin }",
      bare,
      z.strictObject({
        background: colour.optional(),
        threshold: z.number().min(0).max(255).optional(),
        lineArt: yesOrNo.optional(),
        margin: pixels(0).optional(),
      }),
    ),
  tells: "cuts off edges that are like the background, by default like the pixel at the top left",
  apply: (picture, argument) => picture.trim(argument === true ? {} : present(argument)),
  foretellsSize: () => false,
});

export const extend = step({
  argument: () =>
    either(
      "pixels from 1 to 16383 for all sides, or { top, left, bottom, right, background, extendWith }",
      pixels(1),
      z.strictObject({
        top: pixels(0).optional(),
        left: pixels(0).optional(),
        bottom: pixels(0).optional(),
        right: pixels(0).optional(),
        background: colour.optional(),
        extendWith: z.enum(["background", "copy", "repeat", "mirror"]).optional(),
      }),
    ),
  tells: "adds pixels at the edges: the background, default black, or what `extendWith` says",
  apply: (picture, argument) => picture.extend(typeof argument === "number" ? argument : present(argument)),
  sizeAfter(argument, { width, height }) {
    if (typeof argument === "number") return { width: width + 2 * argument, height: height + 2 * argument };
    const { top = 0, left = 0, bottom = 0, right = 0 } = argument;
    return { width: width + left + right, height: height + top + bottom };
  },
});

export const affine = step({
  argument: () =>
    z.strictObject({
      matrix: z
        .tuple([z.tuple([factor, factor]), z.tuple([factor, factor])])
        .refine(([[a, b], [c, d]]) => a * d !== b * c, "a matrix that can be undone: its determinant is not 0"),
      background: colour.optional(),
      idx: offset.optional(),
      idy: offset.optional(),
      odx: offset.optional(),
      ody: offset.optional(),
      interpolator: z.enum(INTERPOLATORS).optional(),
    }),
  tells: "maps pixels by [[a, b], [c, d]]; free corners get the background, default black",
  apply: (picture, { matrix, ...options }) => picture.affine(matrix, present(options)),
  // The corners of a picture stay the corners of what it becomes.
  sizeAfter: ({ matrix: [[a, b], [c, d]] }, { width, height }) => ({
    width: Math.abs(a) * width + Math.abs(b) * height,
    height: Math.abs(c) * width + Math.abs(d) * height,
  }),
  foretellsSize: () => false,
});
