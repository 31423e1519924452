import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Fault } from "../../src/task/faults.ts";
import { fillIn, type Words } from "../../src/task/placeholders.ts";

const WORDS: Words = new Map<string, string | number | null>([
  ["name", "cat"],
  ["size", 120],
  ["odd", '{name}", "x": "\\'],
  ["width", null],
]);

function filled(value: unknown, words = WORDS): { value: unknown; faults: readonly Fault[] } {
  const faults: Fault[] = [];
  return { value: fillIn(value, { pointer: "", words, report: (fault) => faults.push(fault) }), faults };
}

/** The same value with every text and every number replaced by one mark. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value === "string" || typeof value === "number") return "?";
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).map(([name, member]) => [name, shapeOf(member)]);
}

describe("a placeholder", () => {
  it.each<[string, unknown]>([
    ["{name}", "cat"],
    ["a/{name}-{size}.jpg", "a/cat-120.jpg"],
    ["{size}", 120],
    ["{size}{size}", "120120"],
    [" {size}", " 120"],
    ["{{name}}", "{name}"],
    ["{{{name}}}", "{cat}"],
    ["{{{{}}}}", "{{}}"],
    ["{odd}", '{name}", "x": "\\'],
    ["", ""],
    ["no brace", "no brace"],
  ])("%j becomes %j", (text, value) => {
    expect(filled(text)).toEqual({ value, faults: [] });
  });

  it.each<[string, string, string | undefined]>([
    ["{nmae}", "one of the placeholders {name}, {size}, {odd}, {width}", "{name}"],
    ["{}", "one of the placeholders {name}, {size}, {odd}, {width}", "{odd}"],
    ["{__proto__}", "one of the placeholders {name}, {size}, {odd}, {width}", expect.any(String)],
    ["{width}", "{width} only where an output has a width", undefined],
    ["{name", "{{ for a brace that is no placeholder", undefined],
    ["name}", "}} for a brace that is no placeholder", undefined],
  ])("%j cannot be filled in, which is told with its place", (text, expected, nearest) => {
    const fault = { pointer: "/a~1b/0", expected, received: JSON.stringify(text), ...(nearest && { nearest }) };
    expect(filled({ "a/b": [text] }).faults).toEqual([fault]);
  });

  it("stands nowhere 64 levels deep: that is told, and the stack does not end", () => {
    let deep: unknown = "{name}";
    for (let level = 0; level < 20_000; level++) deep = [deep];
    expect(filled(deep).faults).toMatchObject([{ expected: "at most 64 levels" }]);
  });
});

describe("what is filled in", () => {
  it("is the same text when every brace is written double", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const doubled = JSON.parse(JSON.stringify(value), (_name, member: unknown) =>
          typeof member === "string" ? member.replace(/[{}]/g, "$&$&") : member,
        );
        const plain = JSON.parse(JSON.stringify(value));
        expect(filled(doubled)).toEqual({ value: plain, faults: [] });
      }),
    );
  });

  it("keeps members, lists and their lengths, whatever the values are", () => {
    const text = fc.array(fc.oneof(fc.constantFrom("{a}", "{b}", "{c}", "/", '"', "\\"), fc.string()));
    const template = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        text.map((parts) => parts.join("")),
        fc.integer(),
        fc.constant(null),
        fc.array(tie("value")),
        fc.dictionary(fc.string(), tie("value")),
      ),
    })).value;
    const words = fc.record({ a: fc.string({ unit: "binary" }), b: fc.string({ unit: "binary" }), c: fc.integer() });
    fc.assert(
      fc.property(template, words, (value, given) => {
        const before = JSON.stringify(value);
        expect(shapeOf(filled(value, new Map(Object.entries(given))).value)).toEqual(shapeOf(value));
        expect(JSON.stringify(value)).toBe(before);
      }),
    );
  });
});
