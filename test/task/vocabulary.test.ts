import { describe, expect, it } from "vitest";
import { z } from "zod";
import { SpooldError } from "../../src/errors.ts";
import { type Fault, faultsOfError } from "../../src/task/faults.ts";
import { checkPictureTask } from "../../src/task/parse.ts";
import { readsOf, taskSchema } from "../../src/task/task.ts";

function faultsOf(...outputs: object[]): readonly Fault[] {
  try {
    checkPictureTask({ source: "a.jpg", outputs });
    return [];
  } catch (error) {
    if (error instanceof SpooldError) return faultsOfError(error);
    throw error;
  }
}

const withStep = (step: unknown): object => ({ file: "b.png", steps: [step] });
const ONE_STEP = "one step: an object with exactly one member";
const COLOUR = "a colour: a CSS name, #rgb, #rgba, #rrggbb, #rrggbbaa, or { r, g, b, alpha }";

describe("a fault inside steps and encode", () => {
  it.each<[string, object, Fault]>([
    ["no step", withStep({}), { pointer: "/outputs/0/steps/0", expected: ONE_STEP, received: "{}" }],
    [
      "two steps in one",
      withStep({ flip: true, flop: true }),
      { pointer: "/outputs/0/steps/0", expected: ONE_STEP, received: '{"flip":true,"flop":true}' },
    ],
    [
      "a word instead of a step",
      withStep("flip"),
      { pointer: "/outputs/0/steps/0", expected: "an object", received: '"flip"' },
    ],
    [
      "false, which is no way to leave a step out",
      withStep({ flip: false }),
      { pointer: "/outputs/0/steps/0/flip", expected: "true", received: "false" },
    ],
    [
      "a number out of range",
      withStep({ blur: 0.1 }),
      { pointer: "/outputs/0/steps/0/blur", expected: "at least 0.3", received: "0.1" },
    ],
    [
      "none of several forms",
      withStep({ blur: "much" }),
      {
        pointer: "/outputs/0/steps/0/blur",
        expected: "true, a sigma from 0.3 to 250, or { sigma, minAmplitude, precision }",
        received: '"much"',
      },
    ],
    [
      "a misspelt option of a step",
      withStep({ blur: { sigma: 1, minAmplitud: 1 } }),
      {
        pointer: "/outputs/0/steps/0/blur/minAmplitud",
        expected: "one of sigma, minAmplitude, precision",
        received: "1",
        nearest: "minAmplitude",
      },
    ],
    [
      "a misspelt word of an option",
      withStep({ composite: { input: "l.png", blend: "multipy" } }),
      expect.objectContaining({
        pointer: "/outputs/0/steps/0/composite/blend",
        received: '"multipy"',
        nearest: "multiply",
      }),
    ],
    [
      "a misspelt colour",
      withStep({ tint: "redd" }),
      { pointer: "/outputs/0/steps/0/tint", expected: COLOUR, received: '"redd"', nearest: "red" },
    ],
    [
      "a colour that is no colour at all",
      { file: "b.png", background: 7 },
      { pointer: "/outputs/0/background", expected: COLOUR, received: "7" },
    ],
    [
      "an option of another encoder",
      { file: "b.png", encode: { mozjpeg: true } },
      {
        pointer: "/outputs/0/encode/mozjpeg",
        expected:
          "one of progressive, compressionLevel, adaptiveFiltering, quality, effort, palette, colours, colors, dither",
        received: "true",
        nearest: "colours",
      },
    ],
    [
      "an option's value for another encoder",
      { file: "b.webp", encode: { effort: 9 } },
      { pointer: "/outputs/0/encode/effort", expected: "at most 6", received: "9" },
    ],
    [
      "an option's value for no encoder",
      { file: "b.jpg", encode: { quality: 101 } },
      { pointer: "/outputs/0/encode/quality", expected: "at most 100", received: "101" },
    ],
    [
      "options that are none",
      { file: "b.jpg", encode: 3 },
      { pointer: "/outputs/0/encode", expected: "an object", received: "3" },
    ],
    [
      "a quality for gif",
      { file: "b.gif", quality: 3 },
      { pointer: "/outputs/0/quality", expected: "no quality: gif has none", received: "3" },
    ],
    [
      "two qualities",
      { file: "b.jpg", quality: 3, encode: { quality: 4 } },
      { pointer: "/outputs/0/quality", expected: "quality here or in encode, not both", received: "3" },
    ],
    [
      "an output that is an overlay",
      { file: "x/../logo.png", steps: [{ composite: { input: "./logo.png" } }] },
      { pointer: "/outputs/0/file", expected: "a file that no step reads", received: '"x/../logo.png"' },
    ],
  ])("%s is told once", (_title, output, fault) => {
    expect(faultsOf(output)).toEqual([fault]);
  });

  it("names the nearest step for one that is unknown", () => {
    for (const [word, nearest] of [
      ["sharpne", "sharpen"],
      ["greyscale", "grayscale"],
      ["normalize", "normalise"],
    ]) {
      const [fault, ...more] = faultsOf(withStep({ [String(word)]: true }));
      expect(more).toEqual([]);
      expect(fault?.pointer).toBe(`/outputs/0/steps/0/${word}`);
      expect(fault?.nearest).toBe(nearest);
    }
  });

  it("is told for each thing that is wrong, in the output where it is", () => {
    const bad = { file: "c.webp", steps: [{ flip: true }, { blur: 0 }, { tint: 1 }], encode: { effort: 7, loops: 1 } };
    expect(faultsOf({ file: "b.jpg", encode: { progressive: true } }, bad).map(({ pointer }) => pointer)).toEqual([
      ...["/outputs/1/steps/1/blur", "/outputs/1/steps/2/tint"],
      ...["/outputs/1/encode/effort", "/outputs/1/encode/loops"],
    ]);
  });
});

describe("what a task reads", () => {
  it("is its source and every overlay, once", () => {
    const mark = { composite: { input: "logo.png" } };
    const task = checkPictureTask({
      source: "a.jpg",
      outputs: [
        { file: "b.jpg", steps: [{ flip: true }, mark, { composite: { input: "a.jpg" } }] },
        { file: "c.jpg", steps: [mark, { composite: { input: "other.png" } }] },
      ],
    });
    expect(readsOf(task)).toEqual(["a.jpg", "logo.png", "other.png"]);
  });
});

describe("the JSON Schema of a task", () => {
  it("is made from the same table, with ranges and one key a step", () => {
    const schema = z.toJSONSchema(taskSchema, { io: "input" });
    const output = schema.properties?.["outputs"];
    expect(output).toMatchObject({
      items: {
        properties: {
          width: { type: "integer", minimum: 1, maximum: 16_383 },
          steps: {
            items: {
              ...{ minProperties: 1, maxProperties: 1, additionalProperties: false },
              properties: {
                flip: { const: true, description: "mirrors top and bottom" },
                tint: { $ref: "#/$defs/colour" },
                blur: { anyOf: [{ const: true }, { minimum: 0.3, maximum: 250 }, { type: "object" }] },
              },
            },
          },
          encode: { anyOf: Array(6).fill({ type: "object", additionalProperties: false }) },
        },
      },
    });
    expect(() => JSON.stringify(schema)).not.toThrow();
  });
});
