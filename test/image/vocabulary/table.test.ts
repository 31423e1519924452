import { describe, expect, it } from "vitest";
import { z } from "zod";
import { SpooldError } from "../../../src/errors.ts";
import { STEPS, type StepWord, vocabularyRows } from "../../../src/image/vocabulary/table.ts";
import { type Fault, faultsOfError } from "../../../src/task/faults.ts";
import { checkTask } from "../../../src/task/parse.ts";
import { edges, STEP_SAMPLES, words } from "../../support/samples.ts";

function faultsOf(output: object): readonly Fault[] {
  try {
    checkTask({ source: "a.jpg", outputs: [output] });
    return [];
  } catch (error) {
    if (error instanceof SpooldError) return faultsOfError(error);
    throw error;
  }
}

describe("a word of the vocabulary", () => {
  it.each(words())("refuses every wrong value, once, at its place: $name", ({ schema, pointer, output }) => {
    const { minimum = -1e9, maximum = 1e9 } = z.toJSONSchema(schema);
    const text = schema.safeParse("nonsense").success ? "non/sense" : "nonsense";
    for (const wrong of [null, text, { nonsense: 1 }, minimum - 1, maximum + 1, Number.NaN, [[]], [null]]) {
      const faults = faultsOf(output(wrong));
      const places = faults.map((fault) => fault.pointer);
      expect([wrong, places.length > 0]).toEqual([wrong, true]);
      for (const place of places) expect(place.startsWith(pointer)).toBe(true);
      expect(new Set(places).size).toBe(places.length);
      for (const fault of faults) expect(fault.expected).not.toMatch(/Invalid input/);
    }
  });

  it.each(words().filter(({ name }) => !name.startsWith("step")))("takes its bounds: $name", ({ schema, output }) => {
    for (const right of edges(schema)) expect([right, faultsOf(output(right))]).toEqual([right, []]);
  });

  it.each(Object.keys(STEPS) as StepWord[])("takes what it should: the step %s", (word) => {
    for (const right of STEP_SAMPLES[word]) expect(faultsOf({ file: "a.png", steps: [{ [word]: right }] })).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ["blur", 0.29, "/blur"],
    ["blur", { sigma: 251 }, "/blur/sigma"],
    ["blur", {}, "/blur/sigma"],
    ["median", 100, "/median"],
    ["extend", 16_384, "/extend"],
    ["extend", { left: -1 }, "/extend/left"],
    ["extend", { left: 1, right: 1, top: 1, bottom: 16_384 }, "/extend/bottom"],
    ["extract", { left: 0, top: 0, width: 0, height: 1 }, "/extract/width"],
    [
      "affine",
      {
        matrix: [
          [1, 1],
          [1, 1],
        ],
      },
      "/affine/matrix",
    ],
    [
      "affine",
      {
        matrix: [
          [101, 0],
          [0, 1],
        ],
      },
      "/affine/matrix/0/0",
    ],
    ["convolve", { width: 3, height: 3, kernel: Array(8).fill(1) }, "/convolve/kernel"],
    ["convolve", { width: 3, height: 5, kernel: Array(9).fill(1) }, "/convolve/kernel"],
    ["normalise", { lower: 50, upper: 50 }, "/normalise"],
    ["normalise", { lower: 99 }, "/normalise"],
    ["linear", { a: [1, 2], b: [1] }, "/linear"],
    [
      "recomb",
      [
        [1, 2],
        [3, 4],
      ],
      "/recomb",
    ],
    ["modulate", { brightness: -1 }, "/modulate/brightness"],
    ["tint", { r: 256, g: 0, b: 0 }, "/tint/r"],
    ["tint", "#12345", "/tint"],
    ["tint", "Red", "/tint"],
    ["flatten", { background: "redd" }, "/flatten/background"],
    ["composite", { input: "a.png", top: 1 }, "/composite/top"],
    ["composite", { input: "a\0.png" }, "/composite/input"],
    ["text", { text: "x".repeat(1_001) }, "/text/text"],
    ["text", { text: "x".repeat(1_000), size: 1_000 }, "/text/text"],
    ["text", { text: "x", font: "sans 400" }, "/text/font"],
  ])("refuses for %s %j", (word, value, place) => {
    expect(faultsOf({ file: "a.png", steps: [{ [word]: value }] }).map(({ pointer }) => pointer)).toEqual([
      `/outputs/0/steps/0${place}`,
    ]);
  });
});

describe("the rows of the vocabulary", () => {
  it("tell of every word once, what may stand there and what it does", () => {
    const rows = vocabularyRows();
    expect(rows).toHaveLength(words().length);
    expect(new Set(rows.map(({ kind, word }) => `${kind} ${word}`)).size).toBe(rows.length);
    for (const row of rows) {
      expect(row.argument).toMatch(/\S/);
      expect(row.argument).not.toMatch(/undefined|null|\|/);
      expect(row.tells).toMatch(/^\S.*[^.]$/);
    }
  });

  it("tell arguments in few words", () => {
    const spelled = Object.fromEntries(
      vocabularyRows().map(({ kind, word, argument }) => [`${kind} ${word}`, argument]),
    );
    expect(spelled).toMatchObject({
      "resize width": "whole 1 to 16383",
      "resize background": "colour",
      "step flip": "true",
      "step blur":
        "true or 0.3 to 250 or { sigma: 0.3 to 250, minAmplitude?: 0.001 to 1, precision?: `integer` `float` `approximate` }",
      "avif bitdepth": "`8` `10` `12`",
      "webp delay": "whole 0 to 65535 or list of whole 0 to 65535",
    });
  });
});
