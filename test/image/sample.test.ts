import { describe, expect, it } from "vitest";
import { dominantColour } from "../../src/image/dominant.ts";
import { SAMPLE_SIDE, sampleOf } from "../../src/image/sample.ts";

function pixels(width: number, height: number, channels: 1 | 2 | 3 | 4, at: (x: number, y: number) => number[]) {
  const data = Buffer.alloc(width * height * channels);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set(at(x, y), (y * width + x) * channels);
  return { data, info: { width, height, channels } };
}

describe("a sample", () => {
  it.each([
    [4_000, 3_000, 32, 24],
    [3_000, 4_000, 24, 32],
    [10_000, 1, 32, 1],
    [7, 5, 7, 5],
    [1, 1, 1, 1],
  ])("of %i x %i px has the picture's shape, and its longer side is at most SAMPLE_SIDE", (width, height, w, h) => {
    const sample = sampleOf({ data: Buffer.alloc(width * height), info: { width, height, channels: 1 } });
    expect([sample.width, sample.height]).toEqual([w, h]);
    expect(Math.max(w, h)).toBeLessThanOrEqual(SAMPLE_SIDE);
  });

  it.each([
    [1, [7], [7, 7, 7, 255]],
    [2, [7, 90], [7, 7, 7, 90]],
    [3, [1, 2, 3], [1, 2, 3, 255]],
    [4, [1, 2, 3, 4], [1, 2, 3, 4]],
  ] as const)("knows pictures of %i channels", (channels, value, rgba) => {
    expect([...sampleOf(pixels(1, 1, channels, () => [...value])).rgba]).toEqual(rgba);
  });

  it("does not mix the colour of what is transparent into what is seen", () => {
    const half = pixels(64, 64, 4, (x) => (x % 2 === 0 ? [200, 100, 50, 255] : [0, 255, 0, 0]));
    expect([...sampleOf(half).rgba.slice(0, 4)]).toEqual([200, 100, 50, 128]);
  });
});

describe("the dominant colour of a sample", () => {
  it("does not split a colour that lies on the edge of two classes", () => {
    const flicker = pixels(32, 32, 3, (x, y) =>
      y < 14 ? [255, 0, 0] : (x + y) % 2 === 0 ? [127, 127, 127] : [128, 128, 128],
    );
    expect(dominantColour(sampleOf(flicker))).toBe("#808080");
  });
});
