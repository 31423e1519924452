import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { prepareSharp } from "../../src/image/decoders.ts";
import { encode, resizeOptionsOf } from "../../src/image/encode.ts";
import { FORMATS } from "../../src/image/vocabulary/encoders.ts";
import { checkPictureTask } from "../../src/task/parse.ts";
import type { Output } from "../../src/task/task.ts";
import { photograph } from "../support/pictures.ts";
import { edges, encoderWords } from "../support/samples.ts";

beforeAll(() => prepareSharp());

const picture = (): Promise<Buffer> => photograph({ width: 32, height: 32 }).png().toBuffer();

async function encoded(output: object): Promise<Buffer> {
  const [checked] = checkPictureTask({ source: "a", outputs: [output] }).outputs;
  return encode(sharp(await picture()), checked ?? { file: "" }).toBuffer();
}

describe("an option of an encoder", () => {
  it.each(FORMATS.flatMap(encoderWords))("is accepted by sharp over its whole range: $name", async (word) => {
    expect(edges(word.schema).length).toBeGreaterThan(1);
    for (const value of edges(word.schema)) {
      const { width } = await sharp(await encoded(word.output(value))).metadata();
      expect(width).toBe(32);
    }
  });

  it.each<[string, object, object]>([
    ["a.jpg", { progressive: true }, { isProgressive: true }],
    ["a.jpg", { mozjpeg: true }, { isProgressive: true }],
    ["a.jpg", { chromaSubsampling: "4:4:4" }, { chromaSubsampling: "4:4:4" }],
    ["a.png", { palette: true }, { isPalette: true }],
    ["a.png", { progressive: true }, { isProgressive: true }],
    ["a.avif", { bitdepth: 8 }, { compression: "av1" }],
    ["a.tif", { compression: "ccittfax4" }, { bitsPerSample: 1, format: "tiff" }],
    ["a.tif", { bitdepth: 2, compression: "lzw" }, { bitsPerSample: 2 }],
    ["a.tiff", { xres: 10, yres: 10, resolutionUnit: "cm" }, { density: 254, resolutionUnit: "cm" }],
    ["a.gif", { colours: 2 }, { format: "gif", isPalette: true }],
    ["a.webp", { lossless: true }, { format: "webp" }],
  ])("does what it says: %s with %j", async (file, encode, wanted) => {
    expect(await sharp(await encoded({ file, encode })).metadata()).toMatchObject(wanted);
  });

  it("stands beside the quality at the top, or holds it", async () => {
    const inside = await encoded({ file: "a.jpg", encode: { quality: 30, progressive: true } });
    const above = await encoded({ file: "a.jpg", quality: 30, encode: { progressive: true } });
    expect(inside.equals(above)).toBe(true);
    expect((await encoded({ file: "a.jpg" })).length).toBeGreaterThan(inside.length);
  });
});

describe("the resize of an output", () => {
  it("is none when it names no side", () => {
    expect(resizeOptionsOf({ file: "a.png", fit: "inside", kernel: "cubic" })).toBeNull();
  });

  it("has all that the output says and nothing else", () => {
    const output: Output = { file: "a.png", width: 3, kernel: "cubic", background: "red", quality: 1, steps: [] };
    expect(resizeOptionsOf(output)).toEqual({ width: 3, kernel: "cubic", background: "red" });
  });
});
