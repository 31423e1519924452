import sharp, { type Metadata } from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { prepareSharp } from "../../src/image/decoders.ts";
import { readHeader } from "../../src/image/header.ts";
import type { Limits } from "../../src/image/limits.ts";
import { planOutputs } from "../../src/image/plan.ts";
import { type RenderedOutput, render } from "../../src/image/render.ts";
import { checkPictureTask } from "../../src/task/parse.ts";
import { DEFAULT_LIMITS } from "../support/limits.ts";
import { isNear } from "../support/pictures.ts";

beforeAll(() => prepareSharp());

const SIZE = { width: 40, height: 30 };
const COLOURS = ["#ff0000", "#00ff00", "#0000ff"];

/** Three frames of one colour each, with a white dot that moves to the right. */
async function film(format: "gif" | "webp"): Promise<Buffer> {
  const dot = { create: { width: 6, height: 6, channels: 3 as const, background: "white" } };
  const frames = COLOURS.map((background, index) =>
    sharp({ create: { ...SIZE, channels: 3, background } })
      .composite([{ input: dot, left: 4 + index * 10, top: 12 }])
      .png()
      .toBuffer(),
  );
  const joined = sharp(await Promise.all(frames), { join: { animated: true } });
  return joined.toFormat(format, { delay: [100, 200, 300], loop: 3, lossless: true }).toBuffer();
}

async function make(bytes: Buffer, output: object, limits: Partial<Limits> = {}): Promise<RenderedOutput> {
  const source = { bytes, path: "/source" };
  const task = checkPictureTask({ source: "source", outputs: [output] });
  const context = { ...DEFAULT_LIMITS, ...limits, readOverlay: () => Promise.reject(new Error("no overlay")) };
  const plan = planOutputs(task.outputs, await readHeader(source, context), context);
  const [made] = await render(source, plan, context);
  if (made === undefined) throw new Error("nothing was rendered");
  return made;
}

const metadata = ({ bytes }: RenderedOutput): Promise<Metadata> => sharp(bytes, { pages: -1 }).metadata();

async function colourAt({ bytes }: RenderedOutput, page: number, left: number, top: number): Promise<number[]> {
  const frame = await sharp(bytes, { page }).png().toBuffer();
  return [...(await sharp(frame).extract({ left, top, width: 1, height: 1 }).removeAlpha().raw().toBuffer())];
}

describe.each(["gif", "webp"] as const)("an animated %s", (from) => {
  it.each(["gif", "webp"])("keeps its frames, delays and loops as %s, resized or not", async (to) => {
    for (const resize of [{}, { width: 20 }, { width: 20, height: 20, fit: "contain" }]) {
      const made = await make(await film(from), { file: `a.${to}`, ...resize });
      expect(await metadata(made)).toMatchObject({
        pages: 3,
        delay: [100, 200, 300],
        loop: 3,
        pageHeight: made.height,
      });
      expect(made.height).toBe("height" in resize ? 20 : "width" in resize ? 15 : 30);
      for (const [page, wanted] of [
        [255, 0, 0],
        [0, 255, 0],
        [0, 0, 255],
      ].entries())
        expect(
          isNear((await colourAt(made, page, 18, 4)) as [number, number, number], wanted as [number, number, number]),
        ).toBe(true);
    }
  });

  it.each(["jpg", "png", "avif", "tiff"])("is its first frame as %s", async (to) => {
    const made = await make(await film(from), { file: `a.${to}` });
    expect(made).toMatchObject(SIZE);
    expect((await sharp(made.bytes).metadata()).pages ?? 1).toBe(1);
    expect(isNear((await colourAt(made, 0, 1, 1)) as [number, number, number], [255, 0, 0])).toBe(true);
  });

  it("keeps as many frames as its output asks for, at most all", async () => {
    for (const [pages, kept] of [
      [1, 1],
      [2, 2],
      [3, 3],
      [100, 3],
    ] as const)
      expect((await metadata(await make(await film(from), { file: "a.webp", pages }))).pages ?? 1).toBe(kept);
  });

  it("has its steps done in each frame, and keeps its timing", async () => {
    const made = await make(await film(from), {
      file: "a.webp",
      encode: { lossless: true },
      steps: [{ rotate: 90 }, { extend: { top: 2, background: "white" } }],
    });
    expect(made).toMatchObject({ width: 30, height: 42 });
    expect(await metadata(made)).toMatchObject({ pages: 3, delay: [100, 200, 300], loop: 3, pageHeight: 42 });
    for (const page of [0, 1, 2]) {
      expect(await colourAt(made, page, 1, 0)).toEqual([255, 255, 255]);
      expect((await colourAt(made, page, 1, 2))[page]).toBe(255);
      expect(await colourAt(made, page, 14, 2 + 6 + page * 10)).toEqual([255, 255, 255]);
    }
  });

  it("has the delays and loops that its output says", async () => {
    const encode = { delay: 50, loop: 1 };
    for (const steps of [[], [{ flip: true }]])
      expect(await metadata(await make(await film(from), { file: "a.webp", encode, steps }))).toMatchObject({
        delay: [50, 50, 50],
        loop: 1,
      });
  });

  it("is cut in all frames where the first has its best part", async () => {
    const crop = { width: 15, height: 30, position: "attention" };
    const made = await make(await film(from), { file: "a.webp", encode: { lossless: true }, ...crop });
    expect(made).toMatchObject({ width: 15, height: 30 });
    expect((await metadata(made)).pages).toBe(3);
    const still = await make(await film(from), { file: "a.png", ...crop });
    expect(await colourAt(made, 0, 7, 15)).toEqual(await colourAt(still, 0, 7, 15));
  });

  it("has no more pixels in all its frames than a source may have", async () => {
    const bytes = await film(from);
    await expect(make(bytes, { file: "a.gif" }, { maxInputPixels: 40 * 30 * 3 - 1 })).rejects.toMatchObject({
      code: "SOURCE_TOO_MANY_PIXELS",
      facts: { path: "/source", frames: 3, pixels: 3_600, limit: 3_599 },
    });
    await expect(make(bytes, { file: "a.gif" }, { maxInputPixels: 40 * 30 * 3 })).resolves.toBeDefined();
    await expect(make(bytes, { file: "a.gif", pages: 2 }, { maxInputPixels: 40 * 30 * 2 })).resolves.toBeDefined();
    await expect(make(bytes, { file: "a.png" }, { maxInputPixels: 40 * 30 })).resolves.toBeDefined();
  });
});

describe("an animation with more frames than an output may keep", () => {
  it("is refused by its header, unless the output is a still or asks for few enough", async () => {
    const bytes = await film("gif");
    const limits = { maxInputFrames: 2 };
    await expect(make(bytes, { file: "a.gif" }, limits)).rejects.toMatchObject({
      code: "SOURCE_TOO_MANY_FRAMES",
      facts: { file: "a.gif", frames: 3, limit: 2 },
    });
    for (const output of [{ file: "a.gif", pages: 2 }, { file: "a.png" }])
      await expect(make(bytes, output, limits)).resolves.toBeDefined();
  });

  it("is refused when it would grow beyond all measure", async () => {
    await expect(make(await film("gif"), { file: "a.webp", width: 12_000 })).rejects.toMatchObject({
      code: "OUTPUT_TOO_LARGE",
      facts: { width: 12_000, height: 9_000, frames: 3 },
    });
  });
});

describe("an animation that is cut short", () => {
  // A gif without its end is a shorter gif to its decoder, as it is to browsers.
  it("is a damaged source", async () => {
    const bytes = await film("webp");
    const failure = make(bytes.subarray(0, bytes.length - 40), { file: "a.gif" });
    await expect(failure).rejects.toMatchObject({ code: "SOURCE_DAMAGED" });
  });
});
