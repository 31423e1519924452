import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { type Plane, psnr, ssim } from "./likeness.ts";
import { lumaOf } from "./luma.ts";

const SIZE = { width: 48, height: 40 };

function plane(value: (x: number, y: number) => number): Plane {
  const values = Float64Array.from({ length: SIZE.width * SIZE.height }, (_, index) =>
    value(index % SIZE.width, Math.floor(index / SIZE.width)),
  );
  return { ...SIZE, values };
}

const waves = plane((x, y) => 128 + 60 * Math.sin(x / 3) * Math.cos(y / 4));

describe("PSNR", () => {
  it("of identical planes is infinite", () => {
    expect(psnr(waves, waves)).toBe(Number.POSITIVE_INFINITY);
  });

  it("follows from the mean squared error", () => {
    const off = (by: number): Plane => ({ ...waves, values: waves.values.map((value) => value + by) });
    expect(psnr(waves, off(1))).toBeCloseTo(20 * Math.log10(255), 9);
    expect(psnr(waves, off(-16))).toBeCloseTo(20 * Math.log10(255 / 16), 9);
    const black = plane(() => 0);
    expect(
      psnr(
        black,
        plane(() => 255),
      ),
    ).toBe(0);
  });

  it("is not told of planes of different sizes", () => {
    expect(() => psnr(waves, { ...waves, width: SIZE.height, height: SIZE.width })).toThrow("cannot be compared");
  });
});

describe("SSIM", () => {
  it("of identical planes is 1", () => {
    expect(ssim(waves, waves)).toBeCloseTo(1, 12);
  });

  it("of two flat planes is what their brightness alone gives", () => {
    const [a, b, c1] = [100, 150, 6.5025];
    const wanted = (2 * a * b + c1) / (a * a + b * b + c1);
    expect(
      ssim(
        plane(() => a),
        plane(() => b),
      ),
    ).toBeCloseTo(wanted, 9);
  });

  it("of noise that shares only its brightness is near 0, and of its negative below 0", () => {
    const random = (seed: number): ((x: number, y: number) => number) => {
      let state = seed;
      // Numerical Recipes' linear congruential generator: the same noise in every run.
      return () => {
        state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
        return 255 * (state / 4_294_967_296);
      };
    };
    const noise = plane(random(1));
    expect(Math.abs(ssim(noise, plane(random(99))))).toBeLessThan(0.05);
    expect(ssim(noise, { ...noise, values: noise.values.map((value) => 255 - value) })).toBeLessThan(-0.8);
  });

  it("falls as noise grows, and is the same both ways round", () => {
    const noisy = (strength: number): Plane =>
      plane((x, y) => (waves.values[y * SIZE.width + x] ?? 0) + strength * (((x * 7 + y * 13) % 5) - 2));
    const found = [1, 4, 12].map((strength) => ssim(waves, noisy(strength)));
    expect(found).toEqual(found.toSorted((a, b) => b - a));
    expect(found[0]).toBeGreaterThan(0.98);
    expect(ssim(noisy(4), waves)).toBeCloseTo(found[1] ?? 0, 12);
  });

  it("is not told of planes smaller than its window", () => {
    const small = { width: 10, height: 10, values: new Float64Array(100) };
    expect(() => ssim(small, small)).toThrow(RangeError);
  });
});

describe("the luma of a picture", () => {
  const png = (background: object, channels: 3 | 4): Promise<Buffer> =>
    sharp({ create: { width: 4, height: 4, channels, background } })
      .png()
      .toBuffer();

  it("weighs green above red above blue", async () => {
    const lumas = await Promise.all(
      ["#f00", "#0f0", "#00f", "#fff"].map(async (colour) => {
        const solid = sharp({ create: { width: 4, height: 4, channels: 3, background: colour } });
        return (await lumaOf(await solid.png().toBuffer(), "black")).values[0];
      }),
    );
    expect(lumas.map((luma) => Math.round(luma ?? -1))).toEqual([76, 150, 29, 255]);
  });

  it("shows transparency as the ground that is asked for", async () => {
    const half = await png({ r: 255, g: 255, b: 255, alpha: 0.5 }, 4);
    const [onBlack, onWhite] = [await lumaOf(half, "black"), await lumaOf(half, "white")];
    expect(onBlack.values[0]).toBeCloseTo(128, -1);
    expect(onWhite.values[0]).toBeCloseTo(255, 0);
  });

  it("keeps what 16 bits tell beyond 8", async () => {
    const samples = Uint16Array.from({ length: 16 * 3 }, () => 32_832);
    const deep = sharp(samples, { raw: { width: 4, height: 4, channels: 3 } }).toColourspace("rgb16");
    const luma = await lumaOf(await deep.png().toBuffer(), "black");
    expect(luma.values[0]).toBeCloseTo(32_832 / 257, 3);
  });
});
