import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { prepareSharp } from "../../src/image/decoders.ts";
import { readHeader } from "../../src/image/header.ts";
import { planOutputs } from "../../src/image/plan.ts";
import { render } from "../../src/image/render.ts";
import { foretoldSize } from "../../src/image/sizes.ts";
import { RESIZE } from "../../src/image/vocabulary/resize.ts";
import type { Output } from "../../src/task/task.ts";
import { anyFormat } from "../support/formats.ts";
import { DEFAULT_LIMITS } from "../support/limits.ts";
import { animatedGif, photograph } from "../support/pictures.ts";

const CONTEXT = { ...DEFAULT_LIMITS, readOverlay: () => Promise.reject(new Error("no overlay was named")) };

beforeAll(() => prepareSharp());

const side = fc.integer({ min: 9, max: 240 });
const small = fc.integer({ min: 9, max: 40 });
const source = fc.record({
  format: anyFormat,
  width: side,
  height: side,
  orientation: fc.integer({ min: 1, max: 8 }),
});
const rare = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined, freq: 1 });
const asked = fc.record({
  width: fc.option(fc.integer({ min: 1, max: 110 }), { nil: undefined, freq: 3 }),
  height: fc.option(fc.integer({ min: 1, max: 110 }), { nil: undefined, freq: 2 }),
  fit: rare(fc.constantFrom(...RESIZE.fit.unwrap().options)),
  position: rare(fc.constantFrom(...RESIZE.position.unwrap().options)),
  kernel: rare(fc.constantFrom(...RESIZE.kernel.unwrap().options)),
  withoutEnlargement: rare(fc.boolean()),
  withoutReduction: rare(fc.boolean()),
});
type Steps = NonNullable<Output["steps"]>;
const step = fc.constantFrom<Steps[number]>(
  { rotate: 90 },
  { rotate: -180 },
  { rotate: { angle: 270, background: "red" } },
  { rotate: 30 },
  { flip: true },
  { extend: { left: 1, top: 2, right: 3 } },
  { extend: 4 },
  { extract: { left: 0, top: 0, width: 1, height: 1 } },
  { trim: true },
  { blur: 0.5 },
  { grayscale: true },
);

describe("the size foretold for an output", () => {
  it("is the one that it gets, for any source, any wish and any steps", async () => {
    let told = 0;
    await fc.assert(
      fc.asyncProperty(source, asked, fc.array(step, { maxLength: 3 }), async ({ format, ...shape }, words, steps) => {
        const bytes = await photograph(shape).withMetadata(shape).toFormat(format).toBuffer();
        const wishes = Object.fromEntries(Object.entries(words).filter(([, value]) => value !== undefined));
        const output: Output = { file: "a.png", ...wishes, steps };
        const header = await readHeader({ bytes, path: "/source" }, CONTEXT);
        const size = foretoldSize(output, header);
        if (size === null) return;
        told += 1;
        const plan = planOutputs([output, { file: "b.png", width: 120 }], header, DEFAULT_LIMITS);
        const [made] = await render({ bytes, path: "/source" }, plan, CONTEXT);
        expect({ width: made?.width, height: made?.height }).toEqual(size);
      }),
      { numRuns: 80 },
    );
    expect(told).toBeGreaterThan(40);
  });

  it("is that of each frame of an animation", async () => {
    await fc.assert(
      fc.asyncProperty(small, small, asked, async (width, height, words) => {
        const bytes = await animatedGif({ width, height });
        const wishes = Object.fromEntries(Object.entries(words).filter(([, value]) => value !== undefined));
        const output: Output = { file: "a.gif", ...wishes };
        const header = await readHeader({ bytes, path: "/source" }, CONTEXT);
        const size = foretoldSize(output, header);
        if (size === null) return;
        const [made] = await render({ bytes, path: "/source" }, planOutputs([output], header, DEFAULT_LIMITS), CONTEXT);
        expect({ width: made?.width, height: made?.height }).toEqual(size);
      }),
      { numRuns: 40 },
    );
  });

  it("is told for a WebP as well where an output fills what it asks for", async () => {
    const webp = { format: "webp", width: 101, height: 67 };
    expect(foretoldSize({ file: "a.png", width: 50, height: 40, position: "attention" }, webp)).toEqual({
      width: 50,
      height: 40,
    });
    expect(foretoldSize({ file: "a.png" }, webp)).toEqual({ width: 101, height: 67 });
    expect(foretoldSize({ file: "a.png", width: 50 }, webp)).toBeNull();
  });

  it.each<[string, Steps]>([
    ["edges like the background are cut off", [{ trim: true }]],
    ["it is turned by an odd angle", [{ rotate: 12 }]],
    [
      "it is bent",
      [
        {
          affine: {
            matrix: [
              [1, 0.5],
              [0, 1],
            ],
          },
        },
      ],
    ],
  ])("is left to the pixels when %s", (_why, steps) => {
    expect(foretoldSize({ file: "a.png", width: 50, steps }, { format: "png", width: 100, height: 80 })).toBeNull();
  });
});
