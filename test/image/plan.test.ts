import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { resizeOptionsOf } from "../../src/image/encode.ts";
import type { Header } from "../../src/image/header.ts";
import { readHeader } from "../../src/image/header.ts";
import { makingOrder, planOutputs } from "../../src/image/plan.ts";
import { render } from "../../src/image/render.ts";
import type { Output } from "../../src/task/task.ts";
import { DEFAULT_LIMITS } from "../support/limits.ts";
import { alphaPng, deepPng, photograph, turnedJpeg } from "../support/pictures.ts";

const PHOTOGRAPH: Header = { format: "jpeg", width: 4_000, height: 3_000, orientation: 1, isPlain: true };
const LIMITS = DEFAULT_LIMITS;
const CONTEXT = { ...LIMITS, readOverlay: () => Promise.reject(new Error("no overlay was named")) };

function inside(side: number): Output {
  return { file: `${side}.png`, width: side, height: side, fit: "inside" };
}

function parents(outputs: readonly Output[], header = PHOTOGRAPH): (string | null)[] {
  const plan = planOutputs(outputs, header, LIMITS);
  return plan.map(({ parent }) => (parent === null ? null : (outputs[parent]?.file ?? null)));
}

describe("the plan of a gallery", () => {
  const gallery = [inside(1_600), inside(800), inside(400), { file: "thumb.png", width: 120, height: 120 }];

  it("decodes once and makes each size from the smallest one that is at least twice as large", () => {
    expect(parents(gallery)).toEqual([null, "1600.png", "800.png", "400.png"]);
  });

  it("does not depend on the order in which the task names the sizes", () => {
    expect(parents(gallery.toReversed())).toEqual(["400.png", "800.png", "1600.png", null]);
    expect(makingOrder(planOutputs(gallery.toReversed(), PHOTOGRAPH, LIMITS))).toEqual([3, 2, 1, 0]);
  });

  it("makes one size in several formats from the same pixels", () => {
    const twins = ["a.avif", "a.webp", "a.jpg"].map((file) => ({ file, width: 960 }));
    expect(parents([inside(1_600), ...twins])).toEqual([null, null, "a.avif", "a.avif"]);
  });

  it("makes all sizes from the largest where the source is no JPEG: hard edges suffer from every generation", () => {
    expect(parents(gallery, { ...PHOTOGRAPH, format: "png" })).toEqual([null, "1600.png", "1600.png", "1600.png"]);
    const twins = [
      { file: "a.webp", width: 400 },
      { file: "b.jpg", width: 400 },
    ];
    expect(parents([inside(1_600), ...twins], { ...PHOTOGRAPH, format: "png" })).toEqual([null, "1600.png", "a.webp"]);
  });

  it("goes back to a larger one, or to the source, when the next is less than twice as large", () => {
    expect(parents([inside(1_600), inside(1_000), inside(700)])).toEqual([null, null, "1600.png"]);
  });
});

describe("an output that is made the direct way", () => {
  it.each([
    ["its crop depends on the pixels", { file: "a.png", width: 100, height: 100, position: "attention" as const }],
    ["it is padded", { file: "a.png", width: 100, height: 100, fit: "contain" as const }],
  ])("is so because %s", (_why, output) => {
    expect(parents([inside(1_600), output])).toEqual([null, null]);
  });

  it.each([
    ["has more than eight bits a channel, or is not sRGB", { ...PHOTOGRAPH, isPlain: false }],
    ["is a WebP, whose size when shrunk cannot be foretold", { ...PHOTOGRAPH, format: "webp" }],
    ["is smaller than what is asked for", { ...PHOTOGRAPH, width: 300, height: 200 }],
  ])("is so because the source %s", (_why, header) => {
    expect(parents([inside(1_600), inside(400)], header)).toEqual([null, null]);
  });

  it.each<[string, Output, Partial<Header>]>([
    ["kernel", { file: "a.png", width: 100, kernel: "cubic" }, {}],
    ["withoutReduction", { file: "a.png", width: 100, withoutReduction: true }, {}],
    ["fastShrinkOnLoad", { file: "a.png", width: 100, fastShrinkOnLoad: false }, {}],
    ["contain", { file: "a.png", width: 100, height: 100, fit: "contain" }, {}],
    ["entropy", { file: "a.png", width: 100, height: 100, position: "entropy" }, {}],
    ["attention", { file: "a.png", width: 100, height: 100, position: "attention" }, {}],
    ["rounding", { file: "a.png", width: 2 }, { format: "png", width: 4, height: 5 }],
    ["colours", { file: "a.png", width: 100 }, { isPlain: false }],
    ["webp", { file: "a.png", width: 100 }, { format: "webp" }],
    ["animation", { file: "a.gif", width: 100 }, { format: "gif", frames: 9 }],
    ["enlarged", { file: "a.png", width: 5_000 }, {}],
    ["largest", { file: "a.png", width: 1_000 }, {}],
  ])("says that it is so for %s", (because, output, header) => {
    expect(planOutputs([inside(1_600), output], { ...PHOTOGRAPH, ...header }, LIMITS)[1]).toMatchObject({
      parent: null,
      because,
    });
  });

  it("says nothing of one that is made from another", () => {
    expect(planOutputs([inside(1_600), inside(400)], PHOTOGRAPH, LIMITS)[1]).toMatchObject({
      parent: 0,
      because: null,
    });
  });

  it("is never the parent when it is cropped or distorted", () => {
    const cropped = { file: "c.png", width: 1_600, height: 1_600 };
    const distorted = { file: "f.png", width: 1_600, height: 300, fit: "fill" as const };
    expect(parents([cropped, distorted, inside(100)])).toEqual([null, null, null]);
  });
});

describe("outputs that are made from one another", () => {
  const asked: Output[] = [
    inside(320),
    inside(160),
    { file: "square.png", width: 60, height: 60 },
    { file: "corner.png", width: 50, height: 40, position: "right bottom" },
    { file: "wide.png", width: 75 },
    { file: "fill.png", width: 70, height: 30, fit: "fill" },
    { file: "outside.png", width: 40, height: 40, fit: "outside" },
  ];

  it.each([
    ["a photograph", () => photograph({ width: 901, height: 677 }).jpeg({ quality: 95 }).toBuffer()],
    ["a PNG", () => photograph({ width: 700, height: 901 }).png().toBuffer()],
    ["a picture with alpha", () => alphaPng({ width: 640, height: 501 })],
    ["a picture that lies on its side", () => enlarged(6)],
    ["16 bits a channel", () => deepPng()],
  ])("have the sizes, channels and looks of the direct way: %s", async (_name, make) => {
    const bytes = await make();
    const source = { bytes, path: "/p" };
    const header = await readHeader(source, LIMITS);
    const rendered = await render(source, planOutputs(asked, header, LIMITS), CONTEXT);
    for (const [index, output] of asked.entries()) {
      const direct = sharp(bytes, { autoOrient: true }).resize(resizeOptionsOf(output) ?? {});
      const expected = await comparable(await direct.png().toBuffer());
      const found = await comparable(rendered[index]?.bytes ?? Buffer.alloc(0));
      expect([output.file, found.info]).toEqual([output.file, expected.info]);
      expect([output.file, meanDifference(found.data, expected.data) < 6]).toEqual([output.file, true]);
    }
  });
});

async function enlarged(orientation: number): Promise<Buffer> {
  const turned = await turnedJpeg(orientation);
  return sharp(turned)
    .resize({ width: 600, kernel: "cubic" })
    .withMetadata({ orientation })
    .jpeg({ quality: 95 })
    .toBuffer();
}

async function comparable(bytes: Buffer) {
  const { depth } = await sharp(bytes).metadata();
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  return { data, info: { width: info.width, height: info.height, channels: info.channels, depth } };
}

/** Mean absolute difference of all samples, in levels of 255. */
function meanDifference(a: Buffer, b: Buffer): number {
  return a.reduce((sum, value, at) => sum + Math.abs(value - (b[at] ?? 0)), 0) / a.length;
}
