import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { readHeader } from "../../src/image/header.ts";
import { shapeIn } from "../../src/image/peek.ts";
import { anyFormat } from "../support/formats.ts";
import { DEFAULT_LIMITS } from "../support/limits.ts";
import { alphaPng, animatedGif, cmykJpeg, deepPng, photograph, SVG, turnedJpeg } from "../support/pictures.ts";

const side = fc.integer({ min: 1, max: 300 });
const source = fc.record({
  format: anyFormat,
  width: side,
  height: side,
  orientation: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
});

describe("the shape that the first bytes of a picture tell", () => {
  it("is what sharp says of the whole: upright, in all eight orientations", async () => {
    await fc.assert(
      fc.asyncProperty(source, async ({ format, width, height, orientation }) => {
        const picture = photograph({ width, height });
        const stored = orientation === undefined ? picture : picture.withMetadata({ orientation });
        const bytes = await stored.toFormat(format).toBuffer();
        const header = await readHeader({ bytes, path: "/source" }, DEFAULT_LIMITS);
        const shape = shapeIn(bytes);
        // A WebP says that it has an orientation, but tells it at its end.
        const isUnknown = format === "webp" && orientation !== undefined;
        const told = { format: header.format, width: header.width, height: header.height };
        expect(shape).toEqual(isUnknown ? undefined : told);
      }),
      { numRuns: 80 },
    );
  });

  it.each<[string, () => Promise<Buffer>]>([
    ["a progressive JPEG", () => photograph({ width: 99, height: 50 }).jpeg({ progressive: true }).toBuffer()],
    ["a JPEG in CMYK with a profile of 500 KiB", () => cmykJpeg()],
    ["an interlaced PNG", () => photograph({ width: 99, height: 50 }).png({ progressive: true }).toBuffer()],
    ["a PNG with alpha", () => alphaPng()],
    ["a PNG with 16 bits", () => deepPng()],
    ["an animated GIF", () => animatedGif()],
    ["a lossless WebP", () => photograph({ width: 99, height: 50 }).webp({ lossless: true }).toBuffer()],
    [
      "a WebP with alpha",
      async () =>
        sharp(await alphaPng())
          .webp()
          .toBuffer(),
    ],
    ["a TIFF in tiles", () => photograph({ width: 99, height: 50 }).tiff({ tile: true }).toBuffer()],
  ])("is right for %s", async (_what, make) => {
    const bytes = await make();
    const { format, width, height } = await readHeader({ bytes, path: "/source" }, DEFAULT_LIMITS);
    expect(shapeIn(bytes)).toEqual({ format, width, height });
  });

  it.each<[string, () => Promise<Buffer>]>([
    ["an AVIF, whose like has hung parsers", () => photograph({ width: 9, height: 5 }).avif().toBuffer()],
    ["an SVG", async () => Buffer.from(SVG)],
    ["text", async () => Buffer.from("no picture")],
    ["nothing", async () => Buffer.alloc(0)],
    ["a BigTIFF", () => photograph({ width: 9, height: 5 }).tiff({ bigtiff: true }).toBuffer()],
    ["a JPEG cut short in its EXIF", async () => (await turnedJpeg(6)).subarray(0, 40)],
  ])("is not told of %s", async (_what, make) => {
    expect(shapeIn(await make())).toBeUndefined();
  });

  it("never throws and never hangs, whatever the bytes are", () => {
    const beginnings = [
      "\xff\xd8\xff",
      "\x89PNG\r\n\x1a\n",
      "GIF89a",
      "RIFF\0\0\0\0WEBPVP8X",
      "II*\0\x08\0\0\0",
      "MM\0*",
      "\xff\xd8\xff\xe1\0\0Exif\0\0MM",
    ];
    const hostile = fc.tuple(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 400 }));
    fc.assert(
      fc.property(hostile, ([beginning, rest]) => {
        const shape = shapeIn(Buffer.concat([Buffer.from(beginning, "latin1"), rest]));
        expect(shape === undefined || (shape.width > 0 && shape.height > 0)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    const begunMs = performance.now();
    for (const beginning of beginnings) {
      for (const filling of [0x00, 0x01, 0xff])
        shapeIn(Buffer.concat([Buffer.from(beginning, "latin1"), Buffer.alloc(524_288, filling)]));
    }
    expect(performance.now() - begunMs).toBeLessThan(10_000);
  });
});
