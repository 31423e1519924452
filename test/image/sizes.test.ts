import fc from "fast-check";
import sharp, { type ResizeOptions } from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { prepareSharp } from "../../src/image/decoders.ts";
import { readHeader } from "../../src/image/header.ts";
import { planOutputs } from "../../src/image/plan.ts";
import { render } from "../../src/image/render.ts";
import { RESIZE } from "../../src/image/vocabulary/resize.ts";
import { checkPictureTask } from "../../src/task/parse.ts";
import type { Output } from "../../src/task/task.ts";
import { DEFAULT_LIMITS } from "../support/limits.ts";
import { photographJpeg } from "../support/pictures.ts";

beforeAll(() => prepareSharp());

const LIMITS = { ...DEFAULT_LIMITS, readOverlay: () => Promise.reject(new Error("no overlay")) };
const rare = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined, freq: 1 });
const side = fc.integer({ min: 1, max: 90 });
const resize = fc.record({
  width: fc.option(side, { nil: undefined, freq: 4 }),
  height: fc.option(side, { nil: undefined, freq: 2 }),
  fit: rare(fc.constantFrom(...RESIZE.fit.unwrap().options)),
  position: rare(fc.constantFrom(...RESIZE.position.unwrap().options)),
  kernel: rare(fc.constantFrom(...RESIZE.kernel.unwrap().options)),
  background: rare(fc.constantFrom("red", "#0f08")),
  withoutEnlargement: rare(fc.boolean()),
  withoutReduction: rare(fc.boolean()),
  fastShrinkOnLoad: rare(fc.boolean()),
});
const file = fc.constantFrom("a.jpg", "a.png", "a.webp", "a.gif", "a.tif", "a.avif");
/** Steps that fit any picture, with how the sides change. */
const step = fc.constantFrom<{ step: NonNullable<Output["steps"]>[number]; after: (w: number, h: number) => number[] }>(
  { step: { rotate: 90 }, after: (w, h) => [h, w] },
  { step: { flip: true }, after: (w, h) => [w, h] },
  { step: { extract: { left: 0, top: 0, width: 1, height: 1 } }, after: () => [1, 1] },
  { step: { extend: { left: 1, top: 2, right: 3 } }, after: (w, h) => [w + 4, h + 2] },
  { step: { blur: 0.5 }, after: (w, h) => [w, h] },
  {
    step: {
      affine: {
        matrix: [
          [2, 0],
          [0, 1],
        ],
      },
    },
    after: (w, h) => [2 * w, h],
  },
  { step: { text: { text: "x", size: 5 } }, after: (w, h) => [w, h] },
);

describe("any valid output", () => {
  it("has the size that sharp gives it with the same options, and then its steps", async () => {
    const sources = await Promise.all([
      photographJpeg({ width: 61, height: 37 }),
      photographJpeg({ width: 200, height: 300 }),
    ]);
    await fc.assert(
      fc.asyncProperty(resize, file, fc.array(step, { maxLength: 4 }), fc.nat(1), async (words, name, steps, which) => {
        const source = sources[which] ?? Buffer.alloc(0);
        const sized = Object.fromEntries(Object.entries(words).filter(([, value]) => value !== undefined));
        const outputs = [{ file: name, ...sized, steps: steps.map((entry) => entry.step) }];
        const task = checkPictureTask({ source: "source", outputs });
        const plan = planOutputs(task.outputs, await readHeader({ bytes: source, path: "source" }, LIMITS), LIMITS);
        const [made] = await render({ bytes: source, path: "source" }, plan, LIMITS);
        const plain = sized["width"] === undefined && sized["height"] === undefined ? {} : (sized as ResizeOptions);
        const { info } = await sharp(source).resize(plain).toBuffer({ resolveWithObject: true });
        const wanted = steps.reduce<number[]>(([w = 0, h = 0], { after }) => after(w, h), [info.width, info.height]);
        expect([made?.width, made?.height]).toEqual(wanted);
      }),
      { numRuns: 80 },
    );
  });
});
