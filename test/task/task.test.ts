import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FORMAT_ENDINGS, type Format, formatOf, taskSchema } from "../../src/task/task.ts";

const minimal = { source: "a.jpg", outputs: [{ file: "b.jpg" }] };
const accepts = (members: object): boolean => taskSchema.safeParse({ ...minimal, ...members }).success;
const acceptsOutput = (members: object): boolean => accepts({ outputs: [{ file: "b.jpg", ...members }] });

describe("the format of an output", () => {
  it.each<[string, Format | undefined]>([
    ["a.jpg", "jpeg"],
    ["a.JPEG", "jpeg"],
    ["a.b.png", "png"],
    ["a.WebP", "webp"],
    [".avif", "avif"],
    ["a.gif", "gif"],
    ["a.tif", "tiff"],
    ["a.TIFF", "tiff"],
    ["a.bmp", undefined],
    ["jpg", undefined],
    ["a.jpg/", undefined],
    ["a.jpg ", undefined],
  ])("of %j is %s", (file, format) => {
    expect(formatOf({ file })).toBe(format);
  });

  it("is what the output says itself, whatever the ending", () => {
    const formats = Object.keys(FORMAT_ENDINGS) as Format[];
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...formats), (file, format) => {
        expect(formatOf({ file, format })).toBe(format);
      }),
    );
  });
});

describe("the limits of a task", () => {
  it.each<[string, (value: number) => boolean, number, number]>([
    ["width", (width) => acceptsOutput({ width }), 1, 16_383],
    ["height", (height) => acceptsOutput({ height }), 1, 16_383],
    ["quality", (quality) => acceptsOutput({ quality }), 1, 100],
    ["priority", (priority) => accepts({ priority }), 0, 100],
    ["timeoutMs", (timeoutMs) => accepts({ timeoutMs }), 1, 86_400_000],
    ["length of summary", (length) => length < 0 || accepts({ summary: "x".repeat(length) }), 0, 1_024],
    ["length of supplicant", (length) => length < 0 || accepts({ supplicant: "x".repeat(length) }), 0, 1_024],
    ["length of source", (length) => accepts({ source: "x".repeat(length) }), 1, 4_096],
    ["levels of source", (levels) => levels < 1 || accepts({ source: Array(levels).fill("x").join("/") }), 1, 128],
    ["outputs", (count) => accepts({ outputs: Array(count).fill(minimal.outputs[0]) }), 1, 256],
  ])("%s lies between its bounds, both allowed", (name, isAccepted, min, max) => {
    const below = ["length of summary", "length of supplicant", "levels of source"].includes(name) ? [] : [min - 1];
    expect([min, max].map(isAccepted)).toEqual([true, true]);
    expect([...below, max + 1].map(isAccepted)).not.toContain(true);
  });

  it("are never stretched: no number as text, no null, no NaN", () => {
    for (const width of ["10", null, Number.NaN, Number.POSITIVE_INFINITY, 1.5, true])
      expect(acceptsOutput({ width })).toBe(false);
  });
});
