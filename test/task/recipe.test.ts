import { describe, expect, it } from "vitest";
import { describeFault, type Fault } from "../../src/task/faults.ts";
import { keyOf } from "../../src/task/key.ts";
import { type RecipeTask, readOrder } from "../../src/task/order.ts";
import { parseRecipe, renderRecipe } from "../../src/task/recipe.ts";
import { faultsOf, render, withFile } from "../support/recipes.ts";

const GALLERY = {
  vars: { album: "", size: 800, owner: null },
  summary: "{name}{ext} for {owner}",
  priority: 3,
  outputs: [{ file: "gallery/{album}/{name}-{width}.jpg", width: "{size}", height: "{size}", fit: "inside" }],
};
const ORDER = { source: "up/cat.jpg", recipe: "r", vars: { owner: "alice" } };

describe("a recipe and a task that names it", () => {
  it("become a plain task: vars, words of the source and sizes of the outputs are filled in", () => {
    expect(render(GALLERY, ORDER)).toEqual({
      source: "up/cat.jpg",
      outputs: [{ file: "gallery/cat-800.jpg", width: 800, height: 800, fit: "inside" }],
      summary: "cat.jpg for alice",
      priority: 3,
    });
  });

  it("let the task win over the recipe in what both say, and keep the task's text as it is", () => {
    const own = { supplicant: "{name}", summary: "mine", priority: 0, timeoutMs: 5 };
    expect(render(GALLERY, { ...ORDER, ...own })).toMatchObject(own);
    expect(render(GALLERY, { ...ORDER, summary: undefined })).toMatchObject({ summary: "cat.jpg for alice" });
  });

  it.each([
    ["up/cat.jpg", "o/up/cat/.jpg.png"],
    ["cat.tar.gz", "o/cat.tar/.gz.png"],
    ["./a//b/../cat", "o/a/cat/.png"],
    ["a/.cat", "o/a/.cat/.png"],
  ])("have {dir}, {name} and {ext} of %s as in %s", (source, file) => {
    const task = render(withFile("o/{dir}/{name}/{ext}.png"), { source, recipe: "r" });
    expect(task.outputs[0]?.file).toBe(file);
  });

  it("have in {key} the key of the same task with zeros in its place: another size, another name", () => {
    const task = render(withFile("cache/{key}.jpg"), { source: "a.jpg", recipe: "r" });
    const zeros = { ...task, outputs: [{ file: `cache/${"0".repeat(64)}.jpg`, width: 10 }] };
    expect(task.outputs[0]?.file).toBe(`cache/${keyOf(zeros)}.jpg`);
    const wider = { outputs: [{ file: "cache/{key}.jpg", width: 11 }] };
    expect(render(wider, { source: "a.jpg", recipe: "r" }).outputs[0]?.file).not.toBe(task.outputs[0]?.file);
  });

  it("may have members of outputs that are lists and objects, filled in at any depth", () => {
    const recipe = { vars: { text: "x" }, outputs: [{ file: "a.jpg", deep: [{ text: "{text} {width}" }], width: 5 }] };
    expect(faultsOf(() => render(recipe, { source: "a", recipe: "r" }))).toMatchObject([
      { recipe: "r", pointer: "/outputs/0/deep", received: '[{"text":"x 5"}]' },
    ]);
  });
});

describe("a var", () => {
  it.each([
    [{ size: 400 }, 400],
    [{ size: "400" }, 400],
  ])("whose default is a number takes %j", (vars, width) => {
    expect(render(GALLERY, { ...ORDER, vars: { ...vars, owner: "x" } }).outputs[0]).toMatchObject({ width });
  });

  it("whose default is text or null is text, also when it is given as a number", () => {
    const task = render({ ...GALLERY, summary: "{owner}" }, { ...ORDER, vars: { owner: 2024, album: 7 } });
    expect(task).toMatchObject({ summary: "2024", outputs: [{ file: "gallery/7/cat-800.jpg" }] });
  });

  it.each<[string, object, Fault]>([
    ["that is missing", {}, { pointer: "/vars/owner", expected: "a value for {owner}" }],
    [
      "that the recipe does not know",
      { owner: "x", albun: "y" },
      { pointer: "/vars/albun", expected: "one of album, size, owner", received: '"y"', nearest: "album" },
    ],
    [
      "that spells no number where it must be one",
      { owner: "x", size: "1e3" },
      { pointer: "/vars/size", expected: "a number", received: '"1e3"' },
    ],
    [
      "that is neither text nor number",
      { owner: ["x"] },
      { pointer: "/vars/owner", expected: "text of at most 4096 characters, or a number", received: '["x"]' },
    ],
    [
      "that is called __proto__",
      JSON.parse('{"owner":"x","__proto__":"y"}'),
      { pointer: "/vars/__proto__", expected: "a var of the recipe" },
    ],
  ])("%s is told with its place in the task", (_what, vars, fault) => {
    expect(faultsOf(() => render(GALLERY, { ...ORDER, vars }))).toEqual([fault]);
  });

  it("is told when the recipe has none at all", () => {
    const order = { source: "a", recipe: "r", vars: { x: 1 } };
    expect(faultsOf(() => render(withFile("a.jpg"), order))).toMatchObject([
      { pointer: "/vars/x", expected: "no vars, for the recipe has none" },
    ]);
  });
});

describe("a task that names a recipe", () => {
  it.each<[string, object, Fault]>([
    ["and outputs", { outputs: [] }, { pointer: "/outputs", expected: "either outputs or a recipe, not both" }],
    ["that is no name", { recipe: "../x" }, { pointer: "/recipe", expected: NAME(), received: '"../x"' }],
    ["that is no text", { recipe: 5 }, { pointer: "/recipe", expected: "a string", received: "5" }],
    [
      "and a misspelt member",
      { var: {} },
      {
        pointer: "/var",
        expected:
          "one of source, skipIfFresh, supplicant, summary, priority, timeoutMs, maxAttempts, runAt, delay, dedupe, after, batch, afterBatch, recipe, vars",
        received: "{}",
        nearest: "vars",
      },
    ],
  ])("%s is told with its place", (_what, members, fault) => {
    expect(faultsOf(() => readOrder({ ...ORDER, ...members }))).toEqual([fault]);
  });

  it("is none when it has no such member, or is no object", () => {
    for (const value of [null, 1, "recipe", [], {}, Object.create({ recipe: "r" })]) {
      expect(readOrder(value)).toBeUndefined();
    }
  });
});

describe("what is wrong with a recipe", () => {
  it.each<[string, string, object]>([
    ["no JSON", "{", { pointer: "", expected: "one JSON object" }],
    ["a list", "[]", { pointer: "", expected: "an object" }],
    ["no outputs", "{}", { pointer: "/outputs", expected: "an array" }],
    ["a source", '{"source":"a","outputs":[{}]}', { pointer: "/source" }],
    ["a misspelt member", '{"sumary":"a","outputs":[{}]}', { pointer: "/sumary", nearest: "summary" }],
    ["a var that is a list", '{"vars":{"a":[]},"outputs":[{}]}', { pointer: "/vars/a" }],
    ["a var with the name of a word", '{"vars":{"name":""},"outputs":[{}]}', { pointer: "/vars/name" }],
    ["a var with a name that is none", '{"vars":{"a b":""},"outputs":[{}]}', { pointer: "/vars/a b" }],
    ["an output that is none", '{"outputs":[5]}', { pointer: "/outputs/0", expected: "an object" }],
    ["an unknown placeholder", '{"outputs":[{"file":"{nam}.jpg"}]}', { pointer: "/outputs/0/file", nearest: "{name}" }],
    ["a width that is none", '{"outputs":[{"file":"{width}.jpg"}]}', { pointer: "/outputs/0/file" }],
    ["a width of itself", '{"outputs":[{"file":"a.jpg","width":"{width}"}]}', { pointer: "/outputs/0/width" }],
    ["a width outside outputs", '{"summary":"{width}","outputs":[{"file":"a.jpg"}]}', { pointer: "/summary" }],
    ["a word of sharp", '{"outputs":[{"file":"a.jpg","fit":"cove"}]}', { pointer: "/outputs/0/fit", nearest: "cover" }],
    ["no ending", '{"outputs":[{"file":"{name}"}]}', { pointer: "/outputs/0/file" }],
    [
      "two outputs that become one file",
      '{"outputs":[{"file":"a/{name}.jpg"},{"file":"a/./cat.jpg"}]}',
      { pointer: "/outputs/1/file", expected: "a file that no other output names" },
    ],
    [
      "an output that becomes the source",
      '{"outputs":[{"file":"{dir}/{name}{ext}"}]}',
      { pointer: "/outputs/0/file", expected: "a file that is not the source" },
    ],
  ])("%s is told with the recipe and the place in its file", (_what, text, fault) => {
    const order: RecipeTask = { source: "up/cat.jpg", recipe: "r" };
    expect(faultsOf(() => renderRecipe(parseRecipe("r", text), order))).toMatchObject([{ ...fault, recipe: "r" }]);
  });

  it("is one line for people that names the file", () => {
    expect(describeFault({ pointer: "/a", recipe: "web", expected: "b" })).toBe("recipes/web.json /a: expected b");
    expect(describeFault({ pointer: "", recipe: "web", expected: "b" })).toBe("recipes/web.json: expected b");
  });
});

function NAME(): string {
  return "the name of a recipe: 1 to 64 of a-z, 0-9 and -, no - first";
}
