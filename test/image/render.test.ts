import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { prepareSharp } from "../../src/image/decoders.ts";
import { readHeader } from "../../src/image/header.ts";
import { planOutputs } from "../../src/image/plan.ts";
import { type RenderedOutput, render } from "../../src/image/render.ts";
import type { Output } from "../../src/task/task.ts";
import { DEFAULT_LIMITS } from "../support/limits.ts";
import { alphaPng, cmykJpeg, deepPng, isNear, photographJpeg, pixelAt, turnedJpeg } from "../support/pictures.ts";

const noOverlay = (): Promise<Buffer> => Promise.reject(new Error("no overlay"));
const LIMITS = { ...DEFAULT_LIMITS, readOverlay: noOverlay };

beforeAll(() => prepareSharp());

describe("a picture turned by its camera", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])("comes out upright from orientation %i", async (orientation) => {
    const source = await turnedJpeg(orientation);
    for (const output of [{ file: "a.png" }, { file: "a.png", width: 60 }, { file: "a.jpg", width: 60, height: 40 }]) {
      const { bytes, width, height } = await make(source, output);
      expect(width / height).toBe(1.5);
      expect(isNear(await pixelAt(bytes, 5, 5), [254, 0, 0])).toBe(true);
      for (const [left, top] of [
        [width - 5, 5],
        [5, height - 5],
        [width - 5, height - 5],
      ] as const)
        expect(isNear(await pixelAt(bytes, left, top), [255, 255, 255])).toBe(true);
      expect((await sharp(bytes).metadata()).orientation).toBeUndefined();
    }
  });
});

describe("an output", () => {
  it.each(["jpeg", "png", "webp", "avif"] as const)(
    "is %s when its ending says so, without metadata",
    async (format) => {
      const source = await sharp(await photographJpeg())
        .withExif({ IFD0: { Copyright: "somebody" } })
        .withXmp("<x/>")
        .keepIccProfile()
        .withIccProfile("p3")
        .toBuffer();
      const { bytes } = await make(source, { file: `a.${format}`, width: 100 });
      const metadata = await sharp(bytes).metadata();
      expect(metadata.format).toBe(format === "avif" ? "heif" : format);
      expect(metadata).toMatchObject({ width: 100, height: 75, space: "srgb" });
      for (const kind of ["exif", "xmp", "icc", "iptc"] as const) expect(metadata[kind]).toBeUndefined();
    },
  );

  it("has the format it names, whatever its ending", async () => {
    const { bytes, format } = await make(await photographJpeg(), { file: "a.jpg", format: "webp" });
    expect(format).toBe("webp");
    expect(bytes.toString("latin1", 8, 12)).toBe("WEBP");
  });

  const asked = [{ width: 90 }, { height: 70 }, { width: 90, height: 70 }, { width: 500, height: 10 }];
  it.each(["cover", "contain", "fill", "inside", "outside"] as const)("has sharp's own pixels for %s", async (fit) => {
    const source = await photographJpeg({ width: 301, height: 199 });
    for (const size of asked) {
      const { bytes, width, height } = await make(source, { file: "a.png", fit, ...size });
      const wanted = await sharp(source)
        .resize({ fit, ...size })
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect({ width, height }).toEqual({ width: wanted.info.width, height: wanted.info.height });
      expect((await sharp(bytes).raw().toBuffer()).equals(wanted.data)).toBe(true);
    }
  });

  it("keeps the source's size when it names none", async () => {
    expect(await make(await photographJpeg(), { file: "a.webp" })).toMatchObject({ width: 320, height: 240 });
  });

  it.each(["a.jpg", "a.webp", "a.avif"])("is smaller with a lower quality: %s", async (file) => {
    const source = await photographJpeg();
    const low = await make(source, { file, width: 200, quality: 20 });
    const high = await make(source, { file, width: 200, quality: 90 });
    expect(low.bytes.length).toBeLessThan(high.bytes.length * 0.8);
  });

  it("has a palette when it is a png with a quality, as sharp has it", async () => {
    const { bytes } = await make(await photographJpeg(), { file: "a.png", width: 100, quality: 60 });
    expect((await sharp(bytes).metadata()).isPalette).toBe(true);
  });

  it("keeps the part that its position names", async () => {
    const source = await turnedJpeg(1);
    const crop = { file: "a.png", width: 40, height: 80, fit: "cover" } as const;
    const left = await make(source, { ...crop, position: "left" });
    const right = await make(source, { ...crop, position: "right" });
    expect(isNear(await pixelAt(left.bytes, 5, 5), [254, 0, 0])).toBe(true);
    expect(isNear(await pixelAt(right.bytes, 5, 5), [255, 255, 255])).toBe(true);
  });

  it("takes part in a plan of several, in order", async () => {
    const outputs = [{ file: "a.jpg", width: 50 }, { file: "b.png", height: 20 }, { file: "c.webp" }];
    const rendered = await makeAll(await photographJpeg({ width: 100, height: 100 }), outputs);
    expect(rendered.map(({ file, format, width }) => [file, format, width])).toEqual([
      ["a.jpg", "jpeg", 50],
      ["b.png", "png", 20],
      ["c.webp", "webp", 100],
    ]);
  });
});

describe("colours", () => {
  it("are right in sRGB when the source is CMYK", async () => {
    const source = await cmykJpeg();
    expect((await sharp(source).metadata()).space).toBe("cmyk");
    for (const file of ["a.png", "a.jpg", "a.webp", "a.avif"]) {
      const { bytes } = await make(source, { file });
      expect(await sharp(bytes).metadata()).toMatchObject({ space: "srgb", channels: 3 });
      // What is left of pure red after a press: no CMYK profile reaches it.
      expect(isNear(await pixelAt(bytes, 10, 10), [237, 40, 36], 32)).toBe(true);
      expect(isNear(await pixelAt(bytes, 110, 70), [255, 255, 255])).toBe(true);
    }
  });

  it("keep their transparency in png, webp and avif", async () => {
    for (const file of ["a.png", "a.webp", "a.avif"]) {
      const { bytes } = await make(await alphaPng(), { file, width: 32 });
      const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
      expect(info.channels).toBe(4);
      const alphaAt = (x: number): number => data[(16 * 32 + x) * 4 + 3] ?? -1;
      expect(Math.abs(alphaAt(6) - 128)).toBeLessThan(6);
      expect(alphaAt(26)).toBeGreaterThan(249);
    }
  });

  it("of 16 bits come out as sharp makes them", async () => {
    const source = await deepPng();
    const { bytes } = await make(source, { file: "a.png", width: 20 });
    expect(bytes.equals(await sharp(source).resize({ width: 20 }).png().toBuffer())).toBe(true);
  });
});

describe("what cannot be made", () => {
  it("is a damaged source when its pixels are cut short, with sharp's own words", async () => {
    const whole = await photographJpeg();
    const failure = make(whole.subarray(0, whole.length - 2_000), { file: "a.png", width: 20 });
    await expect(failure).rejects.toMatchObject({ code: "SOURCE_DAMAGED", facts: { path: "/source" } });
    await expect(failure).rejects.toHaveProperty("cause.message", expect.stringContaining("premature end"));
  });

  it.each(["png", "webp", "gif", "tiff", "avif"] as const)(
    "is a damaged source when half of a %s is there",
    async (format) => {
      const whole = await sharp(await photographJpeg())
        .toFormat(format)
        .toBuffer();
      await expect(make(whole.subarray(0, whole.length / 2), { file: "a.png" })).rejects.toMatchObject({
        code: "SOURCE_DAMAGED",
      });
    },
  );

  it("is a damaged source when its decoder only warns, even after the last pixel", async () => {
    const bytes = await alphaPng();
    // The checksum of the end (PNG specification, 5.3) is the last thing in the file.
    bytes.writeUInt8((bytes.at(-20) ?? 0) ^ 1, bytes.length - 20);
    await expect(make(bytes, { file: "a.jpg" })).rejects.toMatchObject({ code: "SOURCE_DAMAGED" });
  });

  it("is a damaged overlay, told by its path", async () => {
    const overlay = (await photographJpeg({ width: 40, height: 30 })).subarray(0, -300);
    const output = { file: "a.png", steps: [{ composite: { input: "logo.jpg" } }] };
    const failure = make(await photographJpeg(), output, { readOverlay: () => Promise.resolve(overlay) });
    await expect(failure).rejects.toMatchObject({ code: "SOURCE_DAMAGED", facts: { path: "logo.jpg" } });
  });

  it("is the output when its encoder cannot hold it", async () => {
    const source = await sharp({ create: { width: 20_000, height: 1, channels: 3, background: "red" } })
      .png()
      .toBuffer();
    await expect(make(source, { file: "a.webp" }, { maxOutputSide: 20_000 })).rejects.toMatchObject({
      code: "OUTPUT_FAILED",
      facts: { file: "a.webp" },
    });
  });
});

describe("a small source that is not to be enlarged", () => {
  it.each([{ width: 16_383 }, { height: 16_383 }, { width: 16_383, height: 9, fit: "outside" as const }])(
    "keeps its size, however much is asked for: %j",
    async (size) => {
      const source = await sharp({ create: { width: 3, height: 50, channels: 3, background: "red" } })
        .png()
        .toBuffer();
      const output = { file: "a.png", withoutEnlargement: true, ...size };
      expect(await make(source, output)).toMatchObject({ width: 3, height: 50 });
    },
  );
});

async function make(bytes: Buffer, output: Output, limits: Partial<typeof LIMITS> = {}): Promise<RenderedOutput> {
  const [rendered] = await makeAll(bytes, [output], limits);
  if (rendered === undefined) throw new Error("nothing was rendered");
  return rendered;
}

async function makeAll(
  bytes: Buffer,
  outputs: readonly Output[],
  limits: Partial<typeof LIMITS> = {},
): Promise<readonly RenderedOutput[]> {
  const context = { ...LIMITS, ...limits };
  const source = { bytes, path: "/source" };
  return render(source, planOutputs(outputs, await readHeader(source, context), context), context);
}
