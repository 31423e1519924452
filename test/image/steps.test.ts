import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { prepareSharp } from "../../src/image/decoders.ts";
import { applySteps } from "../../src/image/steps.ts";
import { STEPS, type StepWord } from "../../src/image/vocabulary/table.ts";
import { DEFAULT_LIMITS } from "../support/limits.ts";
import { alphaPng, deepPng, photograph } from "../support/pictures.ts";
import { STEP_SAMPLES } from "../support/samples.ts";
import { painted, type Raster, raster, type Steps, stepped } from "../support/stepping.ts";

beforeAll(() => prepareSharp());

const SIZE = { width: 30, height: 20 };
const RED = [255, 0, 0];
const WHITE = [255, 255, 255];
const BLACK = [0, 0, 0];
/** White, with one red pixel at (3, 2). */
const dotted = (): Promise<Buffer> => painted(SIZE, (x, y) => (x === 3 && y === 2 ? RED : WHITE));
/** The left half black, the right half white. */
const halved = (): Promise<Buffer> => painted(SIZE, (x) => (x < 15 ? BLACK : WHITE));
const plain = (colour: readonly number[]): Promise<Buffer> => painted(SIZE, () => colour);
const photo = (): Promise<Buffer> => photograph(SIZE).png().toBuffer();

describe("a step that moves, cuts or adds pixels", () => {
  it("rotate turns clockwise, by any angle, on a background", async () => {
    const turned = await stepped(await dotted(), [{ rotate: 90 }]);
    expect([turned.width, turned.height, turned.at(17, 3)]).toEqual([20, 30, RED]);
    const slanted = await stepped(await dotted(), [{ rotate: { angle: 45, background: "#0000ff80" } }]);
    expect([slanted.width, slanted.at(0, 0)]).toEqual([35, [0, 0, 255, 128]]);
  });

  it("flip and flop mirror", async () => {
    expect((await stepped(await dotted(), [{ flip: true }])).at(3, 17)).toEqual(RED);
    expect((await stepped(await dotted(), [{ flop: true }])).at(26, 2)).toEqual(RED);
  });

  it("extract keeps a part", async () => {
    const part = await stepped(await dotted(), [{ extract: { left: 2, top: 1, width: 5, height: 4 } }]);
    expect([part.width, part.height, part.at(1, 1)]).toEqual([5, 4, RED]);
  });

  it("trim cuts off what is like the corner, but for a margin", async () => {
    const spot = await painted(SIZE, (x, y) => (x > 4 && x < 10 && y > 6 && y < 11 ? RED : WHITE));
    expect(await stepped(spot, [{ trim: true }])).toMatchObject({ width: 5, height: 4 });
    expect(await stepped(spot, [{ trim: { margin: 2 } }])).toMatchObject({ width: 9, height: 8 });
  });

  it("extend adds pixels of the background or of the edge", async () => {
    const framed = await stepped(await dotted(), [{ extend: { left: 2, bottom: 3, background: "lime" } }]);
    expect([framed.width, framed.height, framed.at(5, 2), framed.at(0, 0)]).toEqual([32, 23, RED, [0, 255, 0]]);
    const copied = await stepped(await halved(), [{ extend: { right: 4, extendWith: "copy" } }]);
    expect([copied.width, copied.at(33, 3)]).toEqual([34, WHITE]);
    expect(await stepped(await dotted(), [{ extend: 1 }])).toMatchObject({ width: 32, height: 22 });
  });

  it("affine maps by a matrix", async () => {
    const mapped = await stepped(await dotted(), [
      {
        affine: {
          matrix: [
            [2, 0],
            [0, 3],
          ],
          interpolator: "nearest",
        },
      },
    ]);
    expect([mapped.width, mapped.height, mapped.at(7, 7)]).toEqual([60, 60, RED]);
  });
});

describe("a step in which pixels look at their neighbours", () => {
  it("blur spreads a dot, sharpen deepens an edge, median removes a speck", async () => {
    expect((await stepped(await dotted(), [{ blur: 2 }])).at(4, 2)[1]).toBeLessThan(255);
    expect((await stepped(await dotted(), [{ blur: true }])).at(4, 3)).toEqual([255, 226, 226]);
    expect((await stepped(await dotted(), [{ median: 3 }])).at(3, 2)).toEqual(WHITE);
    const edge = await painted(SIZE, (x) => (x < 15 ? [100, 100, 100] : [150, 150, 150]));
    for (const sharpen of [true, { sigma: 2 }] as const)
      expect((await stepped(edge, [{ sharpen }])).at(14, 9)[0]).toBeLessThan(100);
  });

  it("dilate widens black, erode thins it", async () => {
    expect((await stepped(await halved(), [{ dilate: 2 }])).at(16, 9)).toEqual(BLACK);
    expect((await stepped(await halved(), [{ erode: 2 }])).at(13, 9)).toEqual(WHITE);
  });

  it("convolve mixes by its kernel", async () => {
    const shifted = { width: 3, height: 3, kernel: [0, 0, 0, 1, 0, 0, 0, 0, 0] };
    expect((await stepped(await dotted(), [{ convolve: shifted }])).at(4, 2)).toEqual(RED);
  });
});

describe("a step that changes colours", () => {
  const grey = (level: number): number[] => [level, level, level];
  it.each<[string, readonly number[], Steps[number], readonly number[]]>([
    ["flatten", [255, 0, 0, 0], { flatten: { background: "blue" } }, [0, 0, 255]],
    ["flatten on black", [255, 0, 0, 0], { flatten: true }, BLACK],
    ["gamma, alone: brightens", grey(64), { gamma: 2 }, grey(127)],
    ["gamma, darkening", grey(128), { gamma: { gamma: 2 } }, grey(64)],
    ["negate", [255, 0, 10], { negate: true }, [0, 255, 245]],
    ["negate, all", [255, 0, 10, 255], { negate: true }, [0, 255, 245, 0]],
    ["negate, not transparency", [255, 0, 10, 200], { negate: { alpha: false } }, [0, 255, 245, 200]],
    ["threshold, below", grey(99), { threshold: 100 }, BLACK],
    ["threshold, at", grey(100), { threshold: 100 }, WHITE],
    ["threshold per channel", [99, 100, 101], { threshold: { threshold: 100, grayscale: false } }, [0, 255, 255]],
    ["linear", [10, 20, 30], { linear: { a: 2, b: 5 } }, [25, 45, 65]],
    ["linear per channel", [10, 20, 30], { linear: { a: [1, 2, 3] } }, [10, 40, 90]],
    [
      "recomb",
      [10, 20, 30],
      {
        recomb: [
          [0, 0, 1],
          [0, 1, 0],
          [1, 0, 0],
        ],
      },
      [30, 20, 10],
    ],
    [
      "recomb with transparency",
      [10, 20, 30, 200],
      {
        recomb: [
          [1, 0, 0, 0],
          [0, 1, 0, 0],
          [0, 0, 1, 0],
          [0, 0, 0, 0.5],
        ],
      },
      [10, 20, 30, 100],
    ],
    ["modulate", [200, 50, 50], { modulate: { saturation: 0 } }, grey(107)],
    ["grayscale", RED, { grayscale: true }, grey(127)],
    ["grayscale, keeping transparency", [255, 0, 0, 90], { grayscale: true }, [...grey(127), 90]],
  ])("%s", async (_name, colour, step, wanted) => {
    const found = (await stepped(await plain(colour), [step])).at(5, 5);
    expect(found.length).toBe(wanted.length);
    for (const [channel, level] of found.entries()) expect(Math.abs(level - (wanted[channel] ?? 0))).toBeLessThan(2);
  });

  it("tint colours the middle greys", async () => {
    const [red = 0, green = 0, blue = 0] = (await stepped(await plain(grey(128)), [{ tint: "#0000ff" }])).at(1, 1);
    expect(blue).toBeGreaterThan(Math.max(red, green) + 50);
  });

  it("normalise and clahe stretch contrast", async () => {
    const dull = await painted(SIZE, (x) => grey(100 + x));
    const range = ({ at }: Raster): number => (at(29, 10)[0] ?? 0) - (at(0, 10)[0] ?? 0);
    expect(range(await stepped(dull, [{ normalise: { lower: 0, upper: 100 } }]))).toBeGreaterThan(240);
    expect(range(await stepped(dull, [{ clahe: { width: 30, height: 20 } }]))).toBeGreaterThan(29);
  });
});

describe("every step", () => {
  const kinds = {
    photograph: photo,
    alpha: alphaPng,
    "16 bits": deepPng,
    grey: () => photograph(SIZE).grayscale().png().toBuffer(),
  };
  const overlay = (): Promise<Buffer> => painted({ width: 8, height: 4 }, () => [0, 0, 255, 128]);
  it.each(Object.keys(STEPS) as StepWord[])(
    "%s runs on pictures of every kind, first, between and last",
    async (word) => {
      for (const make of Object.values(kinds))
        for (const argument of STEP_SAMPLES[word]) {
          const step = { [word]: argument } as Steps[number];
          const files = { "logo.png": await overlay() };
          const once = await stepped(await make(), [step], files);
          expect(once.width).toBeGreaterThan(0);
          await stepped(await make(), [{ flip: true }, step, { flip: true }], files);
        }
    },
  );

  it("works on what was resized and turned upright before", async () => {
    const source = sharp(await photo())
      .resize(10, 10)
      .rotate(90);
    const wanted = await raster(
      await sharp(await source.clone().png().toBuffer())
        .negate()
        .png()
        .toBuffer(),
    );
    const context = { file: "a", ...DEFAULT_LIMITS, readOverlay: () => Promise.reject(new Error()) };
    const found = await (await applySteps(source, [{ negate: true }], context)).png().toBuffer();
    expect((await raster(found)).bytes.equals(wanted.bytes)).toBe(true);
  });

  it("that would make a side beyond 16,383 px is refused before it is drawn", async () => {
    const wide = await painted({ width: 200, height: 2 }, () => RED);
    for (const [word, argument] of [
      ["extend", 16_383],
      ["extend", { left: 16_184 }],
      [
        "affine",
        {
          matrix: [
            [100, 0],
            [0, 1],
          ],
        },
      ],
    ] as const)
      await expect(stepped(wide, [{ [word]: argument } as Steps[number]])).rejects.toMatchObject({
        code: "OUTPUT_TOO_LARGE",
        facts: { file: "out.png", step: word, limit: 16_383 },
      });
    expect(await stepped(wide, [{ extend: { left: 16_183 } }])).toMatchObject({ width: 16_383 });
  });
});
