import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { resizeOptionsOf } from "../../src/image/encode.ts";
import { geometryOf } from "../../src/image/geometry.ts";

const side = fc.integer({ min: 1, max: 700 });
const asked = fc.record(
  {
    width: fc.integer({ min: 1, max: 300 }),
    height: fc.integer({ min: 1, max: 300 }),
    fit: fc.constantFrom("cover" as const, "inside" as const, "outside" as const, "fill" as const),
    position: fc.constantFrom("centre" as const, "north" as const, "right bottom" as const, "west" as const),
  },
  { requiredKeys: [] },
);

describe("the size foretold for an output", () => {
  it.each(["jpeg", "png", "tiff"] as const)("is the one that sharp gives, for any %s and any wish", async (format) => {
    await fc.assert(
      fc.asyncProperty(side, side, asked, async (width, height, wish) => {
        const bytes = await sharp({ create: { width, height, channels: 3, background: "red" } })
          .toFormat(format)
          .toBuffer();
        const defined = Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined));
        const output = { file: "a.png", ...defined };
        const geometry = geometryOf(output, { format, width, height });
        if (typeof geometry === "string") return;
        const resize = resizeOptionsOf(output);
        const picture = resize === null ? sharp(bytes) : sharp(bytes).resize(resize);
        const { info } = await picture.raw().toBuffer({ resolveWithObject: true });
        const { width: w, height: h } = geometry.crop ?? geometry.scaled;
        expect({ width: w, height: h }).toEqual({ width: info.width, height: info.height });
      }),
      { numRuns: 100 },
    );
  });
});

describe("the geometry of an output", () => {
  const photograph = { format: "jpeg", width: 4_000, height: 3_000 };

  it("keeps the crop of sharp for each position, to the pixel", () => {
    const found = (["centre", "north", "right bottom", "west"] as const).map((position) =>
      geometryOf({ file: "a.jpg", width: 120, height: 121, position }, photograph),
    );
    expect(found).toMatchObject([
      { crop: { left: 21, top: 0, width: 120, height: 121 } },
      { crop: { left: 21, top: 0, width: 120, height: 121 } },
      { crop: { left: 41, top: 0, width: 120, height: 121 } },
      { crop: { left: 0, top: 0, width: 120, height: 121 } },
    ]);
  });

  it.each([
    ["entropy", { width: 10, height: 10, position: "entropy" as const }],
    ["attention", { width: 10, height: 10, position: "attention" as const }],
    ["contain", { width: 10, height: 10, fit: "contain" as const }],
    ["kernel", { width: 10, kernel: "cubic" as const }],
    ["withoutReduction", { width: 10, withoutReduction: true }],
    ["fastShrinkOnLoad", { width: 10, fastShrinkOnLoad: false }],
    ["rounding", { width: 2 }, { format: "png", width: 4, height: 5 }],
  ])("is not foretold for %s, which the direct way must make", (why, output, source = photograph) => {
    expect(geometryOf({ file: "a.jpg", ...output }, source)).toBe(why);
  });
});
