import sharp, { type Sharp } from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { prepareSharp } from "../../src/image/decoders.ts";
import { applySteps } from "../../src/image/steps.ts";
import { DEFAULT_LIMITS } from "../support/limits.ts";
import { deepPng, photograph } from "../support/pictures.ts";
import { painted, type Steps, stepped } from "../support/stepping.ts";

beforeAll(() => prepareSharp());

const SIZE = { width: 30, height: 20 };
const logo = (): Promise<Buffer> => painted({ width: 6, height: 6 }, () => [255, 0, 0, 255]);
const FILES = async (): Promise<Record<string, Buffer>> => ({ logo: await logo() });
const stamp = { composite: { input: "logo", top: 0, left: 0 } };

/** What each step does when it has a pipeline of its own. */
const ALONE: Readonly<Record<string, (picture: Sharp) => Sharp>> = {
  "rotate 90": (picture) => picture.rotate(90),
  "rotate 30": (picture) => picture.rotate(30),
  flip: (picture) => picture.flip(),
  extract: (picture) => picture.extract({ left: 2, top: 3, width: 12, height: 9 }),
  extend: (picture) => picture.extend(2),
  blur: (picture) => picture.blur(2),
  negate: (picture) => picture.negate(),
  threshold: (picture) => picture.threshold(100),
  linear: (picture) => picture.linear([1.5], [10]),
  grayscale: (picture) => picture.grayscale(),
  tint: (picture) => picture.tint("red"),
};
const STEPS: Readonly<Record<keyof typeof ALONE, Steps[number]>> = {
  "rotate 90": { rotate: 90 },
  "rotate 30": { rotate: 30 },
  flip: { flip: true },
  extract: { extract: { left: 2, top: 3, width: 12, height: 9 } },
  extend: { extend: 2 },
  blur: { blur: 2 },
  negate: { negate: true },
  threshold: { threshold: 100 },
  linear: { linear: { a: 1.5, b: 10 } },
  grayscale: { grayscale: true },
  tint: { tint: "red" },
};

describe("two steps", () => {
  const names = Object.keys(ALONE);
  it.each(names)("run in their order when %s is the first", async (first) => {
    const opaque = await photograph(SIZE).png().toBuffer();
    const clear = await painted(SIZE, (x, y) => [x * 8, y * 12, 90, x * 8]);
    for (const source of [opaque, clear])
      for (const second of names.filter((name) => name !== "extract" || first !== "extract")) {
        const between = await (ALONE[first]?.(sharp(source)) ?? sharp(source)).png().toBuffer();
        const wanted = await (ALONE[second]?.(sharp(between)) ?? sharp(between)).png().toBuffer();
        const found = await stepped(source, [STEPS[first] ?? {}, STEPS[second] ?? {}]);
        const { data } = await sharp(wanted).raw().toBuffer({ resolveWithObject: true });
        expect([second, found.bytes.equals(data)]).toEqual([second, true]);
      }
  });

  it("rotate and extract give another part the other way round", async () => {
    const source = await painted(SIZE, (x, y) => [x * 8, y * 12, 0]);
    const extract = { left: 0, top: 0, width: 10, height: 5 };
    const turnedFirst = await stepped(source, [{ rotate: 90 }, { extract }]);
    const cutFirst = await stepped(source, [{ extract }, { rotate: 90 }]);
    expect([turnedFirst.width, turnedFirst.height, turnedFirst.at(0, 0)]).toEqual([10, 5, [0, 19 * 12, 0]]);
    expect([cutFirst.width, cutFirst.height, cutFirst.at(0, 0)]).toEqual([5, 10, [0, 4 * 12, 0]]);
  });

  it("extract twice cuts the part out of the part", async () => {
    const source = await painted(SIZE, (x, y) => [x, y, 0]);
    const region = { left: 5, top: 4, width: 10, height: 8 };
    const twice = [{ extract: { ...region, width: 15, height: 12 } }, { extract: region }];
    expect((await stepped(source, twice)).at(0, 0)).toEqual([10, 8, 0]);
  });

  it("threshold after blur has two levels, blur after threshold has more", async () => {
    const source = await photograph(SIZE).png().toBuffer();
    const levels = async (steps: Steps): Promise<number> => new Set((await stepped(source, steps)).bytes).size;
    expect(await levels([{ blur: 2 }, { threshold: 128 }])).toBe(2);
    expect(await levels([{ threshold: 128 }, { blur: 2 }])).toBeGreaterThan(2);
  });

  it("a watermark is coloured by what follows it and not by what went before", async () => {
    const source = await painted(SIZE, () => [0, 200, 0]);
    const files = await FILES();
    for (const fade of [{ grayscale: true }, { tint: "#808080" }] as const) {
      const [red = 0, green = 0] = (await stepped(source, [fade, stamp], files)).at(1, 1);
      expect([red, green]).toEqual([255, 0]);
      const [grey = 0, same = 1] = (await stepped(source, [stamp, fade], files)).at(1, 1);
      expect(Math.abs(grey - same)).toBeLessThan(2);
    }
    expect((await stepped(source, [stamp, { negate: true }], files)).at(1, 1)).toEqual([0, 255, 255]);
    expect((await stepped(source, [{ negate: true }, stamp], files)).at(1, 1)).toEqual([255, 0, 0]);
  });
});

describe("between two steps", () => {
  it("a picture keeps 16 bits a channel", async () => {
    const context = { file: "a", ...DEFAULT_LIMITS, readOverlay: () => Promise.reject(new Error()) };
    const source = sharp(await deepPng());
    const picture = await applySteps(source, [{ flip: true }, { flip: true }], context);
    const pixels = async (from: Sharp): Promise<Buffer> =>
      from.toColourspace("rgb16").raw({ depth: "ushort" }).toBuffer();
    expect((await pixels(picture)).equals(await pixels(sharp(await deepPng())))).toBe(true);
  });

  it("a picture has 8 bits a channel once a step has counted in them", async () => {
    const shallow = await sharp(await deepPng())
      .png()
      .toBuffer();
    for (const step of [
      { linear: { b: 40 } },
      { threshold: { threshold: 90, grayscale: false } },
      { dilate: 2 },
    ] as Steps) {
      const wanted = await stepped(shallow, [step]);
      expect((await stepped(await deepPng(), [step])).bytes.equals(wanted.bytes)).toBe(true);
    }
  });
});
