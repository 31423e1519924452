import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SpooldError } from "../../src/errors.ts";
import { describeFault, type Fault, faultsOfError } from "../../src/task/faults.ts";
import { checkTask } from "../../src/task/parse.ts";
import { parseObject } from "../../src/task/text.ts";

const task = { source: "a.jpg", outputs: [{ file: "b.jpg" }] };
const MEMBERS =
  "one of source, outputs, skipIfFresh, supplicant, summary, priority, timeoutMs, maxAttempts, runAt, delay, dedupe, after, batch, afterBatch, recipe, vars";

const OUTPUT_MEMBERS = [
  ...["file, width, height, fit, position, kernel, background, withoutEnlargement, withoutReduction"],
  ...["fastShrinkOnLoad, pages, steps, format, quality, encode, tile"],
].join(", ");

/** The faults of a value that is no task. */
function faultsOf(value: unknown): readonly Fault[] {
  try {
    checkTask(value);
  } catch (error) {
    if (error instanceof SpooldError) return faultsOfError(error);
    throw error;
  }
  return [];
}

function withOutput(output: object): object {
  return { source: "a.jpg", outputs: [{ file: "b.jpg", ...output }] };
}

describe("the text of a task file", () => {
  it("is an object only when it is whole: no proper prefix is one", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(), (object, cut) => {
        const text = JSON.stringify(object);
        expect(parseObject(text)).toEqual(JSON.parse(text));
        expect(parseObject(text.slice(0, cut % text.length))).toBeUndefined();
      }),
    );
  });

  it.each(["", " ", "[]", "null", "42", '"{}"', "{}{}", "{'a':1}", "\u0000"])("is no object when it is %j", (text) => {
    expect(parseObject(text)).toBeUndefined();
  });

  it("may be nested 60,000 brackets deep without doing harm", () => {
    const brackets = "[".repeat(30_000) + "]".repeat(30_000);
    expect(parseObject(brackets)).toBeUndefined();
    const faults = faultsOf(
      parseObject(`{"source": ${brackets}, "more": ${brackets}, "outputs": [{"file": "b.jpg"}]}`),
    );
    expect(faults.map(({ pointer }) => pointer)).toEqual(["/source", "/more"]);
  });

  it("holds data for a handler that is nested 32 levels deep, and no deeper", () => {
    const data = (levels: number): unknown =>
      parseObject(`{"handler":"a","data":${"[".repeat(levels)}${"]".repeat(levels)}}`);
    expect(faultsOf(data(32))).toEqual([]);
    for (const levels of [33, 30_000])
      expect(faultsOf(data(levels))).toEqual([
        { pointer: "/data", expected: "at most 32 levels of lists and objects" },
      ]);
    const cycle: unknown[] = [];
    cycle.push(cycle, cycle);
    expect(faultsOf({ handler: "a", data: cycle })).toHaveLength(1);
  });
});

describe("a task that is valid", () => {
  it("comes back as it is", () => {
    const full = {
      ...{ source: "a.jpg", supplicant: "alice", summary: "\u001b[2J is only text", priority: 100, timeoutMs: 1 },
      outputs: [{ file: "b", format: "png", width: 16_383, height: 1, fit: "cover", position: "entropy", quality: 1 }],
    };
    expect(checkTask(full)).toEqual(full);
    expect(checkTask(task)).toEqual(task);
  });
});

describe("a fault", () => {
  it.each<[string, unknown, Fault]>([
    ["no object", [], { pointer: "", expected: "an object", received: "[]" }],
    ["nothing at all", undefined, { pointer: "", expected: "an object" }],
    ["no source", { outputs: task.outputs }, { pointer: "/source", expected: "a string" }],
    ["no outputs", { source: "a" }, { pointer: "/outputs", expected: "an array" }],
    ["empty outputs", { ...task, outputs: [] }, { pointer: "/outputs", expected: "at least 1 member", received: "[]" }],
    ["empty source", { ...task, source: "" }, { pointer: "/source", expected: "at least 1 character", received: '""' }],
    [
      "a length that cannot be compared",
      { source: { length: [{ toString: 0 }] }, outputs: [{ file: "b.jpg" }] },
      {
        pointer: "",
        expected: "no `length` that is a list or an object",
        received: '{"source":{"length":[{"toString":0}]},"outputs":[{"file":"b.jpg"}]}',
      },
    ],
    [
      "NUL in a path",
      { ...task, source: "a\0" },
      { pointer: "/source", expected: "a path without NUL characters", received: '"a\\u0000"' },
    ],
    [
      "half a pixel",
      withOutput({ width: 1.5 }),
      { pointer: "/outputs/0/width", expected: "a whole number", received: "1.5" },
    ],
    ["no pixel", withOutput({ width: 0 }), { pointer: "/outputs/0/width", expected: "at least 1", received: "0" }],
    [
      "quality 101",
      withOutput({ quality: 101 }),
      { pointer: "/outputs/0/quality", expected: "at most 100", received: "101" },
    ],
    [
      "a misspelt word",
      withOutput({ fit: "insde" }),
      {
        pointer: "/outputs/0/fit",
        expected: 'one of "cover", "contain", "fill", "inside", "outside"',
        received: '"insde"',
        nearest: "inside",
      },
    ],
    [
      "a misspelt member",
      { ...task, sumary: "x" },
      { pointer: "/sumary", expected: MEMBERS, received: '"x"', nearest: "summary" },
    ],
    [
      "a misspelt member of an output",
      withOutput({ widht: 3 }),
      {
        pointer: "/outputs/0/widht",
        expected: `one of ${OUTPUT_MEMBERS}`,
        received: "3",
        nearest: "width",
      },
    ],
    [
      "a key that is none",
      { ...task, key: "x" },
      { pointer: "/key", expected: "64 hexadecimal digits", received: '"x"' },
    ],
    ["priority 101", { ...task, priority: 101 }, { pointer: "/priority", expected: "at most 100", received: "101" }],
    [
      "an ending that is no picture",
      withOutput({ file: "b.txt" }),
      {
        pointer: "/outputs/0/file",
        expected: "one of the endings .jpg .jpeg .png .webp .avif .gif .tif .tiff, or a format",
        received: '"b.txt"',
      },
    ],
    [
      "an output that is the source",
      withOutput({ file: "x/.././a.jpg" }),
      { pointer: "/outputs/0/file", expected: "a file that is not the source", received: '"x/.././a.jpg"' },
    ],
    [
      "an output named twice",
      { ...task, outputs: [{ file: "b.jpg" }, { file: ".//b.jpg" }] },
      { pointer: "/outputs/1/file", expected: "a file that no other output names", received: '".//b.jpg"' },
    ],
  ])("%s is told once, with its place, what was expected and what was there", (_title, value, fault) => {
    expect(faultsOf(value)).toEqual([fault]);
  });

  it("is told for each thing that is wrong", () => {
    const faults = faultsOf({ source: 1, outputs: [{ file: "b.jpg", width: 0, fit: "x" }], a: 1, b: 2 });
    const pointers = faults.map(({ pointer }) => pointer).toSorted();
    expect(pointers).toEqual(["/a", "/b", "/outputs/0/fit", "/outputs/0/width", "/source"]);
  });

  it("is __proto__ as a member, which also changes nothing", () => {
    const text = '{"source":"a","outputs":[{"file":"b.jpg","__proto__":{"width":1}}],"__proto__":{"x":1}}';
    const faults = faultsOf(JSON.parse(text));
    expect(faults.map(({ pointer }) => pointer).toSorted()).toEqual(["/__proto__", "/outputs/0/__proto__"]);
    expect(Object.hasOwn(Object.prototype, "x")).toBe(false);
  });

  it("escapes ~ and / in its pointer and cuts what was there to 200 characters", () => {
    const [fault] = faultsOf({ ...task, "a/b~c": "x".repeat(10_000) });
    expect(fault?.pointer).toBe("/a~1b~0c");
    expect(fault?.received).toHaveLength(200);
  });

  it("is also told for values that JSON cannot hold", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    for (const source of [1n, () => 1, Symbol("a"), cycle, []]) expect(faultsOf({ ...task, source })).toHaveLength(1);
  });

  it("is one line for people, from which no control character gets through", () => {
    expect(describeFault({ pointer: "", expected: "an object" })).toBe("the file: expected an object");
    const misspelt = { pointer: "/fit", expected: "cover", received: '"cove"', nearest: "cover" };
    expect(describeFault(misspelt)).toBe('/fit: expected cover, got "cove" (did you mean "cover"?)');
    const [fault] = faultsOf({ ...task, "\u001b[2J\n": "\u009b\u202e" });
    expect(fault && describeFault(fault)).toMatch(/^\/\\u001b\[2J\\u000a: .*"\\u009b\\u202e"/);
  });
});

describe("whatever stands in a file", () => {
  it("is a task, or TASK_INVALID with at least one fault, and never another error", () => {
    const nearly = fc.record(
      {
        source: fc.oneof(fc.string(), fc.jsonValue()),
        outputs: fc.array(fc.oneof(fc.jsonValue(), fc.record({ file: fc.string(), width: fc.integer() }))),
        priority: fc.jsonValue(),
        summary: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const check = (value: unknown): void => {
      try {
        checkTask(value);
      } catch (error) {
        expect(error).toMatchObject({ name: "SpooldError", code: "TASK_INVALID" });
        expect(error instanceof SpooldError && faultsOfError(error).length).toBeGreaterThan(0);
      }
    };
    fc.assert(fc.property(fc.oneof(fc.jsonValue(), nearly, fc.anything({ withBigInt: true })), check));
  });

  it("has faults only when the error says that the task is invalid", () => {
    expect(faultsOfError(new SpooldError("DISK_FULL", { faults: [1] }))).toEqual([]);
  });
});
