import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { prepareSharp } from "../../src/image/decoders.ts";
import { readHeader } from "../../src/image/header.ts";
import { DEFAULT_LIMITS } from "../support/limits.ts";
import { alphaPng, animatedGif, deepPng, photograph, photographJpeg, SVG, turnedJpeg } from "../support/pictures.ts";

const LIMITS = { ...DEFAULT_LIMITS, maxInputPixels: 1_000_000 };

beforeAll(() => prepareSharp());

describe("a picture that may be opened", () => {
  const size = { width: 48, height: 32 };
  it.each([
    ["jpeg", () => photographJpeg(size)],
    ["png", () => deepPng(size)],
    ["webp", () => photograph(size).webp().toBuffer()],
    ["gif", () => animatedGif(size)],
    ["tiff", () => photograph(size).tiff().toBuffer()],
    ["avif", () => photograph(size).avif().toBuffer()],
  ])("is known as %s", async (format, make) => {
    const frames = format === "gif" ? { frames: 2 } : {};
    expect(await readHeader({ bytes: await make(), path: "/p" }, LIMITS)).toMatchObject({ format, ...size, ...frames });
  });

  it("is measured upright", async () => {
    expect(await readHeader({ bytes: await turnedJpeg(6), path: "/p" }, LIMITS)).toMatchObject({
      width: 120,
      height: 80,
    });
  });
});

describe("a file that is no picture, or of a kind that is shut", () => {
  it.each([
    ["gzip", "\x1f\x8b\x08\0\0\0\0\0\0\x03"],
    ["a page that draws", `<!DOCTYPE html>\n<html>${SVG}</html>`],
    ["pdf", "%PDF-1.7\n1 0 obj\n"],
    ["portable pixmap", "P6 1 1 255\nabc"],
    ["radiance", "#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\n"],
    ["matrix", "1 1\n0\n"],
    ["jpeg 2000", "\0\0\0\x0cjP  \r\n\x87\n"],
    ["jpeg xl", "\xff\x0a\0\0"],
    ["openexr", "v/1\x01\x02\0\0\0"],
    ["postscript", "%!PS-Adobe-3.0 EPSF-3.0\n"],
    ["a program", "\x7fELF\x02\x01\x01"],
    ["text", "hello"],
    ["one byte", "\0"],
    ["heic", "\0\0\0\x18ftypheic\0\0\0\0mif1heic"],
    ["a box without brands", "\0\0\0\x00ftyp"],
  ])("is refused: %s", async (_name, text) => {
    const bytes = Buffer.from(text, "latin1");
    await expect(readHeader({ bytes, path: "/p" }, LIMITS)).rejects.toMatchObject({
      code: "SOURCE_UNSUPPORTED",
      facts: { path: "/p" },
    });
  });

  it("is not opened by its name either", async () => {
    const folder = await mkdtemp(join(tmpdir(), "spoold-decoders-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await photograph({ width: 8, height: 8 }).png().toFile(join(folder, "a.png"));
    await expect(sharp(join(folder, "a.png")).metadata()).rejects.toThrow(/unsupported/);
    expect((await sharp(await readFile(join(folder, "a.png"))).metadata()).format).toBe("png");
  });
});

describe("a source beyond a limit, or damaged", () => {
  it("has too many pixels, told with how many", async () => {
    const bytes = await photographJpeg({ width: 100, height: 50 });
    await expect(readHeader({ bytes, path: "/p" }, { ...LIMITS, maxInputPixels: 4_999 })).rejects.toMatchObject({
      code: "SOURCE_TOO_MANY_PIXELS",
      facts: { path: "/p", width: 100, height: 50, pixels: 5_000, limit: 4_999 },
    });
    await expect(readHeader({ bytes, path: "/p" }, { ...LIMITS, maxInputPixels: 5_000 })).resolves.toBeDefined();
  });

  it("is refused by its header alone when it claims to be huge", async () => {
    const png = await alphaPng();
    // The header's width and height (PNG specification, 11.2.2), with the checksum over them made right again.
    png.writeUInt32BE(60_000, 16);
    png.writeUInt32BE(60_000, 20);
    png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
    await expect(readHeader({ bytes: png, path: "/p" }, LIMITS)).rejects.toMatchObject({
      code: "SOURCE_TOO_MANY_PIXELS",
      facts: { pixels: 3_600_000_000 },
    });
  });

  it("is damaged when its header is cut short", async () => {
    const bytes = (await photographJpeg()).subarray(0, 200);
    const refusal = readHeader({ bytes, path: "/p" }, LIMITS);
    await expect(refusal).rejects.toMatchObject({ code: "SOURCE_DAMAGED", facts: { path: "/p" } });
    await expect(refusal).rejects.toHaveProperty("cause.message", expect.stringContaining("premature end"));
  });
});

describe("a version of sharp", () => {
  it.each(["0.34.9", "0.35.3", "0.35", "unknown"])("is refused when it is %s", (found) => {
    expect(() => prepareSharp(found)).toThrowError(expect.objectContaining({ code: "SHARP_TOO_OLD" }));
  });

  it.each(["0.35.4", "0.35.10", "0.36.0", "1.0.0"])("is good enough when it is %s", (found) => {
    expect(() => prepareSharp(found)).not.toThrow();
  });
});

function crc32(bytes: Buffer): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}
