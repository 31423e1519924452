import sharp from "sharp";
import { thumbHashToApproximateAspectRatio, thumbHashToAverageRGBA, thumbHashToRGBA } from "thumbhash";
import { beforeAll, describe, expect, it } from "vitest";
import { prepareSharp } from "../../src/image/decoders.ts";
import { readHeader } from "../../src/image/header.ts";
import { type Impression, lookAt } from "../../src/image/impression.ts";
import { planOutputs } from "../../src/image/plan.ts";
import { render } from "../../src/image/render.ts";
import type { Output } from "../../src/task/task.ts";
import { DEFAULT_LIMITS } from "../support/limits.ts";
import {
  alphaPng,
  animatedGif,
  cmykJpeg,
  deepPng,
  isNear,
  marked,
  photograph,
  photographJpeg,
  turnedJpeg,
} from "../support/pictures.ts";

const CONTEXT = { ...DEFAULT_LIMITS, readOverlay: () => Promise.reject(new Error("no overlay was named")) };

beforeAll(() => prepareSharp());

describe("the impression of a picture", () => {
  const size = { width: 400, height: 300 };

  it.each<[string, () => Promise<Buffer>, [number, number, number]]>([
    ["a photograph of noise and gradients", () => photographJpeg(size), [128, 128, 128]],
    ["WebP", () => photograph(size).webp().toBuffer(), [128, 128, 128]],
    ["grey", () => photograph(size).grayscale().toColourspace("b-w").png().toBuffer(), [128, 128, 128]],
    ["16 bits a channel", () => deepPng(size), [128, 128, 128]],
    ["CMYK", () => cmykJpeg(), [250, 200, 200]],
    ["an animation: its first frame", () => animatedGif(), [255, 0, 0]],
    ["one pixel", () => photograph({ width: 1, height: 1 }).png().toBuffer(), [0, 0, 128]],
    [
      "a line",
      () =>
        sharp({ create: { width: 900, height: 1, channels: 3, background: "lime" } })
          .png()
          .toBuffer(),
      [0, 255, 0],
    ],
  ])("has its mean colour and its shape: %s", async (_what, make, mean) => {
    const source = await make();
    const { width, height } = await sharp(source).metadata();
    const { thumbhash } = await impressionOf(source, [{ file: "a.png", width: 100 }]);
    const hash = Buffer.from(thumbhash, "base64");
    const { r, g, b, a } = thumbHashToAverageRGBA(hash);
    expect(isNear([r * 255, g * 255, b * 255], mean, 32)).toBe(true);
    expect(a).toBe(1);
    if (width > 9 && height > 9)
      expect(Math.abs(thumbHashToApproximateAspectRatio(hash) - width / height)).toBeLessThan(0.2);
  });

  it("keeps what is transparent", async () => {
    const { thumbhash, dominant } = await impressionOf(await alphaPng(), [{ file: "a.jpg", width: 40 }]);
    const { w, h, rgba } = thumbHashToRGBA(Buffer.from(thumbhash, "base64"));
    const alphaAt = (x: number): number => rgba[(Math.floor(h / 2) * w + x) * 4 + 3] ?? -1;
    expect(alphaAt(2)).toBeGreaterThan(100);
    expect(alphaAt(2)).toBeLessThan(160);
    expect(alphaAt(w - 3)).toBeGreaterThan(240);
    // The solid half outweighs the one that lets half of the light through.
    expect(dominant).toBe("#008000");
  });

  it("shows it upright, however its camera was held", async () => {
    const found = await Promise.all(
      [1, 2, 3, 4, 5, 6, 7, 8].map(async (turn) => impressionOf(await turnedJpeg(turn), [{ file: "a.png" }])),
    );
    for (const { thumbhash, dominant } of found) {
      expect(distance(thumbhash, found[0]?.thumbhash ?? "")).toBeLessThan(4);
      expect(isNear(rgbOf(dominant), [255, 255, 255])).toBe(true);
    }
  });
});

describe("the dominant colour", () => {
  it("is that of the larger part", async () => {
    const source = await marked({ width: 300, height: 200 }).png().toBuffer();
    const { dominant } = await impressionOf(source, [{ file: "a.png", width: 99 }]);
    expect(isNear(rgbOf(dominant), [255, 255, 255], 2)).toBe(true);
  });

  it("is that of a soft gradient rather than of a small flat patch", async () => {
    const pixels = Buffer.alloc(320 * 320 * 3);
    for (let at = 0; at < 320 * 320; at++) {
      const soft = Math.floor((32 * (at % 320)) / 320);
      pixels.set(at < 320 * 60 ? [255, 255, 0] : [32 + soft, 96 + soft, 192 + soft], at * 3);
    }
    const source = await sharp(pixels, { raw: { width: 320, height: 320, channels: 3 } })
      .png()
      .toBuffer();
    expect(isNear(rgbOf((await impressionOf(source, [{ file: "a.png", width: 99 }])).dominant), [48, 112, 208])).toBe(
      true,
    );
  });

  it("is black when nothing can be seen", async () => {
    const background = { r: 255, g: 0, b: 0, alpha: 0 };
    const source = await sharp({ create: { width: 50, height: 50, channels: 4, background } })
      .png()
      .toBuffer();
    expect(await impressionOf(source, [{ file: "a.png" }])).toMatchObject({ dominant: "#000000" });
  });
});

describe("the impression of a source", () => {
  const plans: readonly (readonly Output[])[] = [
    [
      { file: "a.jpg", width: 800 },
      { file: "b.jpg", width: 400 },
      { file: "c.jpg", width: 120, height: 120 },
    ],
    [{ file: "a.png", width: 200, steps: [{ negate: true }] }],
    [{ file: "a.jpg" }],
    [{ file: "a.jpg", width: 64, height: 64, position: "attention" }],
    [{ file: "a.jpg", width: 90, height: 400, fit: "fill" }],
    [{ file: "a.jpg", width: 20 }],
  ];

  it.each(["jpeg", "png", "webp", "tiff"] as const)(
    "is the same to the eye whatever is made of it: %s",
    async (format) => {
      const source = await photograph({ width: 1_201, height: 799 }).toFormat(format).toBuffer();
      const found = await Promise.all(plans.map((outputs) => impressionOf(source, outputs)));
      for (const { thumbhash } of found) expect(distance(thumbhash, found[0]?.thumbhash ?? "")).toBeLessThan(6);
    },
  );

  it("is taken from pixels that are in memory, and the source is read again only when there are none", async () => {
    const source = { bytes: await photographJpeg({ width: 1_200, height: 800 }), path: "/p" };
    const header = await readHeader(source, CONTEXT);
    const sampled = plans.map((outputs) =>
      planOutputs(outputs, header, DEFAULT_LIMITS).findIndex(({ isSampled }) => isSampled),
    );
    expect(sampled).toEqual([1, 0, 0, -1, -1, -1]);
  });

  it("fails nobody's task when it cannot be had", async () => {
    expect(await lookAt({ bytes: Buffer.from("no picture") }, 1_000).impression()).toBeUndefined();
    expect(await lookAt({ bytes: await photographJpeg() }, 1).impression()).toBeUndefined();
  });
});

async function impressionOf(bytes: Buffer, outputs: readonly Output[]): Promise<Impression> {
  const source = { bytes, path: "/source" };
  const looker = lookAt(source, CONTEXT.maxInputPixels);
  await render(source, planOutputs(outputs, await readHeader(source, CONTEXT), DEFAULT_LIMITS), {
    ...CONTEXT,
    look: looker.look,
  });
  const impression = await looker.impression();
  if (impression === undefined) throw new Error("no impression was made");
  return impression;
}

/** Mean difference of what two hashes look like, in levels of 255. */
function distance(one: string, other: string): number {
  const [a, b] = [one, other].map((hash) => thumbHashToRGBA(Buffer.from(hash, "base64")));
  if (a === undefined || b === undefined || a.w !== b.w || a.h !== b.h) return Number.POSITIVE_INFINITY;
  return a.rgba.reduce((sum, value, at) => sum + Math.abs(value - (b.rgba[at] ?? 0)), 0) / a.rgba.length;
}

function rgbOf(hex: string): [number, number, number] {
  const [r = -1, g = -1, b = -1] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  return [r, g, b];
}
