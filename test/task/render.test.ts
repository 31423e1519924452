import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SpooldError } from "../../src/errors.ts";
import { faultsOfError } from "../../src/task/faults.ts";
import { encodeTask, keyOf } from "../../src/task/key.ts";
import { requirePictures } from "../../src/task/parse.ts";
import { ownTask, renderPlain as renderAny } from "../../src/task/render.ts";
import type { PictureTask } from "../../src/task/task.ts";
import { parseJson } from "../../src/task/text.ts";

const renderPlain = (value: unknown): PictureTask => requirePictures(renderAny(value));

function pointersOf(value: unknown): readonly string[] {
  try {
    renderPlain(value);
  } catch (error) {
    if (error instanceof SpooldError) return faultsOfError(error).map(({ pointer }) => pointer);
    throw error;
  }
  return [];
}

describe("a task with outputs", () => {
  it("may have placeholders in their files", () => {
    const outputs = [
      { file: "{dir}/{name}-{width}x{height}.webp", width: 8, height: 9 },
      { file: "plain//as/../it.is.jpg" },
      { file: "{{{name}}}.jpg" },
    ];
    expect(renderPlain({ source: "up/cat.jpg", outputs }).outputs.map(({ file }) => file)).toEqual([
      "up/cat-8x9.webp",
      "plain//as/../it.is.jpg",
      "{cat}.jpg",
    ]);
  });

  it("has its texts left alone", () => {
    const task = { source: "{a}.jpg", outputs: [{ file: "b.jpg" }], summary: "{name}", supplicant: "{" };
    expect(renderPlain(task)).toEqual(task);
  });

  it("may be named after its key", () => {
    const task = renderPlain({ source: "a.jpg", outputs: [{ file: "{key}.jpg", width: 9 }] });
    const zeros = { source: "a.jpg", outputs: [{ file: `${"0".repeat(64)}.jpg`, width: 9 }] };
    expect(task.outputs[0]?.file).toBe(`${keyOf(zeros)}.jpg`);
  });

  it("is told all that is wrong with it: placeholders, paths and the rest, each place once", () => {
    const outputs = [
      { file: "{nam}" },
      { file: "../{name}.jpg" },
      { file: "{width}.jpg", widht: 3 },
      { file: "{name}" },
    ];
    const pointers = ["/outputs/0/file", "/outputs/1/file", "/outputs/2/file", "/outputs/2/widht"];
    expect(pointersOf({ source: "a.jpg", outputs }).toSorted()).toEqual(pointers);
    expect(pointersOf({ source: "a.jpg", outputs: outputs.slice(3) })).toEqual(["/outputs/0/file"]);
    expect(pointersOf({ source: 5, outputs: [{ file: "{name}.jpg" }] })).toEqual(["/source"]);
  });

  it("that enqueue has written is not filled in again, unless somebody has changed it", () => {
    const written = renderPlain({ source: "{key}.jpg", outputs: [{ file: "{name}-1.jpg" }] });
    const whole = parseJson(encodeTask(written).toString());
    expect(renderPlain(whole)).toEqual(whole);
    expect(ownTask(whole)).toEqual(whole);
    const changed = { ...ownTask(whole), source: "dog.jpg" };
    expect(ownTask(changed)).toBeUndefined();
    expect(renderPlain(changed).outputs[0]?.file).toMatch(/^[0-9a-f]{64}-1\.jpg$/);
    for (const value of [null, [], { key: 1 }, { key: "x" }]) expect(ownTask(value)).toBeUndefined();
  });

  it("is a task, or TASK_INVALID, and never another error", () => {
    const output = fc.record({ file: fc.string(), width: fc.jsonValue() }, { requiredKeys: [] });
    const nearly = fc.record({ source: fc.string(), outputs: fc.array(fc.oneof(output, fc.jsonValue())) });
    fc.assert(
      fc.property(fc.oneof(nearly, fc.anything()), (value) => {
        pointersOf(value);
      }),
    );
  });
});
