import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { openDecoders, prepareSharp } from "../../src/image/decoders.ts";
import { type Header, readHeader } from "../../src/image/header.ts";
import type { Limits } from "../../src/image/limits.ts";
import { INPUT_FORMATS } from "../../src/input-formats.ts";
import { DEFAULT_LIMITS } from "../support/limits.ts";
import { alphaPng, photograph, photographJpeg, SVG } from "../support/pictures.ts";

beforeAll(() => prepareSharp());

const SIZE = { width: 100, height: 60 };
const header = (bytes: Buffer, limits: Partial<Limits> = {}): Promise<Header> =>
  readHeader({ bytes, path: "/p" }, { ...DEFAULT_LIMITS, ...limits });

describe("the formats that can be opened", () => {
  it("are all that this sharp can decode from memory, but for what stands for them", () => {
    const decodable = Object.values(sharp.format).filter(({ input }) => input.buffer);
    const names = decodable.map(({ id }) => (id === "heif" ? "avif" : id)).filter((id) => id !== "raw");
    expect(names.sort()).toEqual([...INPUT_FORMATS].sort());
  });

  it.each(INPUT_FORMATS)("are known and refused when they are shut: %s", async (format) => {
    const bytes = format === "svg" ? Buffer.from(SVG) : await photograph(SIZE).toFormat(format).toBuffer();
    const inputFormats = INPUT_FORMATS.filter((other) => other !== format);
    await expect(header(bytes, { inputFormats })).rejects.toMatchObject({
      code: "SOURCE_SHUT",
      facts: { path: "/p", format },
      hint: expect.stringContaining("--input-formats"),
    });
    // Nor would the decoder open it, were it asked; but what lies between two steps is a PNG.
    openDecoders(inputFormats);
    if (format !== "png") await expect(sharp(bytes).metadata()).rejects.toThrow(/unsupported/);
    openDecoders([...DEFAULT_LIMITS.inputFormats, format]);
    expect(await header(bytes, { inputFormats: [format] })).toMatchObject({ format });
    openDecoders(DEFAULT_LIMITS.inputFormats);
  });
});

describe("a picture whose decoder holds all of it", () => {
  it.each([
    ["a progressive JPEG", () => photograph(SIZE).jpeg({ progressive: true }).toBuffer()],
    ["a baseline JPEG that tells its colours one after the other", multiScanJpeg],
    ["an interlaced PNG", () => photograph(SIZE).png({ progressive: true }).toBuffer()],
  ])("has a limit of its own: %s", async (_kind, make) => {
    const bytes = await make();
    await expect(header(bytes, { maxProgressivePixels: 5_999 })).rejects.toMatchObject({
      code: "SOURCE_PROGRESSIVE",
      facts: { path: "/p", ...SIZE, pixels: 6_000, limit: 5_999 },
      hint: expect.stringContaining("--max-progressive-pixels"),
    });
    await expect(header(bytes, { maxProgressivePixels: 6_000 })).resolves.toMatchObject(SIZE);
  });

  it("may be as large as any when it comes line by line", async () => {
    for (const bytes of [await photographJpeg(SIZE), await alphaPng()])
      await expect(header(bytes, { maxProgressivePixels: 1 })).resolves.toBeDefined();
  });

  it("has no side that no JPEG could have, for decoders take whole lines", async () => {
    const line = (width: number): Promise<Buffer> =>
      sharp({ create: { width, height: 1, channels: 3, background: "red" } })
        .png()
        .toBuffer();
    await expect(header(await line(65_535))).resolves.toMatchObject({ width: 65_535 });
    await expect(header(await line(65_536))).rejects.toMatchObject({ code: "SOURCE_TOO_LONG" });
  });

  it("has a third of the pixels when it is an AVIF", async () => {
    const bytes = await photograph(SIZE).avif({ effort: 0 }).toBuffer();
    await expect(header(bytes, { maxInputPixels: 18_000 })).resolves.toMatchObject(SIZE);
    await expect(header(bytes, { maxInputPixels: 17_999 })).rejects.toMatchObject({
      code: "SOURCE_TOO_MANY_PIXELS",
      facts: { pixels: 6_000, limit: 5_999 },
    });
  });
});

/** A JPEG whose first scan (ITU-T T.81, B.2.3) holds one of its three components: the others follow in scans of their own. */
async function multiScanJpeg(): Promise<Buffer> {
  const bytes = await photographJpeg(SIZE);
  const scan = bytes.indexOf(Buffer.from([0xff, 0xda, 0x00, 0x0c, 0x03]));
  const one = Buffer.from([0xff, 0xda, 0x00, 0x08, 0x01, 0x01, 0x00, 0x00, 0x3f, 0x00]);
  return Buffer.concat([bytes.subarray(0, scan), one, bytes.subarray(scan + 14)]);
}
