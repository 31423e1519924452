/** Steps that lay another picture, or lettering, on the picture. */
import type { Blend, Color, OverlayOptions, Sharp } from "sharp";
import * as z from "zod";
import { colour } from "./colour.ts";
import { type Size, type Stage, step } from "./step.ts";
import { filePath, pixels, present, yesOrNo } from "./values.ts";

/** How a blend leaves a picture without transparency: with none, unless it is one of the second list. */
const OPAQUE_BLENDS = [
  ...["over", "atop", "dest", "dest-over", "add", "saturate", "multiply", "screen", "overlay", "darken", "lighten"],
  ...["color-dodge", "colour-dodge", "color-burn", "colour-burn", "hard-light", "soft-light", "difference"],
  "exclusion",
] as const satisfies readonly Blend[];
const CUTTING_BLENDS = [
  ...["clear", "source", "in", "out", "dest-in", "dest-out", "dest-atop", "xor"],
] as const satisfies readonly Blend[];

const GRAVITIES = [
  ...["centre", "center", "north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"],
] as const;

const offset = z.int().min(-16_383).max(16_383);

const placement = () => ({
  gravity: z.enum(GRAVITIES).optional(),
  top: offset.optional(),
  left: offset.optional(),
  tile: yesOrNo.optional(),
  blend: z.enum([...OPAQUE_BLENDS, ...CUTTING_BLENDS]).optional(),
  opacity: z.number().min(0).max(1).optional(),
});

type Placement = Readonly<z.output<z.ZodObject<ReturnType<typeof placement>>>>;

const BOTH = { path: ["top"], error: "top and left, both or none" };

export const composite = step({
  argument: () =>
    z.strictObject({ input: filePath, width: pixels(1).optional(), ...placement() }).refine(hasBothOrNone, BOTH),
  tells: "lays the picture `input` on this one, scaled to `width` and never larger than this one",
  async apply(picture, { input, width, ...placed }, stage) {
    const overlay = await stage.openOverlay(input);
    return laid(picture, await faded(fitted(overlay, stage, width), placed), placed, stage);
  },
});

/** Letters as large as this, so many in a line and so many lines, would be a picture that fills the memory. */
const MAX_TEXT_PIXELS = 64_000_000;

export const text = step({
  argument: () =>
    z
      .strictObject({
        text: z.string().min(1).max(1_000),
        font: z
          .string()
          .max(100)
          .regex(/^[A-Za-z][A-Za-z -]*$/, { error: "the name of a font, in letters, spaces and hyphens" })
          .optional(),
        size: z.number().min(1).max(1_000).optional(),
        colour: colour.optional(),
        width: pixels(1).optional(),
        align: z.enum(["left", "centre", "center", "right"]).optional(),
        justify: yesOrNo.optional(),
        spacing: z.int().min(0).max(1_000).optional(),
        wrap: z.enum(["word", "char", "word-char", "none"]).optional(),
        ...placement(),
      })
      .refine(hasBothOrNone, BOTH)
      .refine(({ text, size = TEXT_SIZE, spacing = 0 }) => areaOf(text, size, spacing) <= MAX_TEXT_PIXELS, {
        path: ["text"],
        error: "text that covers at most 64 million pixels",
      }),
  tells: "writes text in `font` at `size` points (= px), default sans 24 in black; no markup; wrapped at `width` px",
  async apply(picture, { text, font = "sans", size = TEXT_SIZE, colour = "black", width, ...rest }, stage) {
    const { align, justify, spacing, wrap, ...placed } = rest;
    const lettering = stage.openText({
      ...present({ align, justify, spacing, wrap }),
      text: escapeMarkup(text),
      font: `${font} ${size}`,
      width: Math.min(width ?? stage.width, stage.width),
      rgba: true,
    });
    return laid(picture, await coloured(fitted(lettering, stage), colour, placed), placed, stage);
  },
});

const TEXT_SIZE = 24;

function hasBothOrNone({ top, left }: Placement): boolean {
  return (top === undefined) === (left === undefined);
}

/** About how many pixels the text takes when each character is as wide as it is high. */
function areaOf(text: string, size: number, spacing: number): number {
  const lines = text.split("\n");
  return Math.max(...lines.map((line) => line.length)) * size * lines.length * (1.5 * size + spacing);
}

/** Text as Pango takes it for text: what would be markup stands for itself. */
function escapeMarkup(plain: string): string {
  return plain.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** One pixel repeated over everything. */
function everywhere(background: Color, blend: Blend): OverlayOptions {
  return { input: { create: { width: 1, height: 1, channels: 4, background } }, tile: true, blend };
}

/** Scaled to a width, or down until it fits: sharp refuses an overlay that is larger than what it lies on. */
function fitted(overlay: Sharp, stage: Size, width?: number): Sharp {
  const size = { width: Math.min(width ?? stage.width, stage.width), height: stage.height };
  return overlay.resize({ ...size, fit: "inside", withoutEnlargement: width === undefined });
}

function faded(overlay: Sharp, { opacity = 1 }: Placement): Promise<Buffer> {
  return buffered(opacity === 1 ? overlay : overlay.composite([veil(opacity)]));
}

/** The letters, black so far, as a stencil for the ink. */
function coloured(lettering: Sharp, ink: Color, { opacity = 1 }: Placement): Promise<Buffer> {
  return buffered(lettering.composite([everywhere(ink, "in"), veil(opacity)]));
}

function veil(opacity: number): OverlayOptions {
  return everywhere({ r: 255, g: 255, b: 255, alpha: opacity }, "dest-in");
}

function buffered(picture: Sharp): Promise<Buffer> {
  return picture.png({ compressionLevel: 0 }).toBuffer();
}

function laid(picture: Sharp, input: Buffer, { opacity: _, ...placed }: Placement, stage: Stage): Sharp {
  const { blend = "over" } = placed;
  const done = picture.composite([{ input, ...present(placed), blend }]);
  // Sharp gives every picture transparency here, which later steps would then change: negate would hide it all.
  const staysOpaque = !stage.hasAlpha && (OPAQUE_BLENDS as readonly Blend[]).includes(blend);
  return staysOpaque ? done.removeAlpha() : done;
}
