import { posix } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RecipeTask } from "../../src/task/order.ts";
import { parseRecipe, renderRecipe } from "../../src/task/recipe.ts";
import { faultsOf, render, withFile } from "../support/recipes.ts";

describe("a file that a recipe names", () => {
  it.each([
    ["/etc/x.jpg", ""],
    ["../x.jpg", ""],
    ["a/../../x.jpg", ""],
    ["{v}/x.jpg", ""],
    ["{v}/x.jpg", "/etc"],
    ["{v}/x.jpg", ".."],
    ["a/b/{v}/x.jpg", ".."],
    ["a/{v}.jpg", "../../b"],
    ["a/.{v}/x.jpg", "."],
    ["a/{v}{v}/x.jpg", "."],
    ["a/{v}x.jpg", "b/../"],
  ])("as %j with %j leads out, or where its writer did not say, and is told", (file, v) => {
    const faults = faultsOf(() => render(withFile(file, { v }), { source: "a.jpg", recipe: "r" }));
    expect(faults).toMatchObject([{ recipe: "r", pointer: "/outputs/0/file", expected: /below the first root/ }]);
  });

  it("may climb by what its writer has written, as long as it stays below the first root", () => {
    const file = (source: string): string | undefined =>
      render(withFile("{dir}/../thumbs/{name}.jpg"), { source, recipe: "r" }).outputs[0]?.file;
    expect(file("a/b/cat.jpg")).toBe("a/thumbs/cat.jpg");
    expect(faultsOf(() => file("cat.jpg"))).toHaveLength(1);
    expect(faultsOf(() => file("/abs/x/cat.jpg"))).toHaveLength(1);
    expect(faultsOf(() => file("../cat.jpg"))).toHaveLength(1);
  });

  it("lies in the directory its writer named, or is a fault, whatever the vars and the source are", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(fc.constantFrom("..", ".", "/", "a", "{v}", "\0", '"', "\\", "~", "\n")).map((parts) => parts.join("")),
    );
    const outcome = (order: RecipeTask): void => {
      const recipe = parseRecipe(
        "r",
        JSON.stringify(withFile("out/put/{a}{b}/x-{c}-{name}.jpg", { a: "", b: "", c: "" })),
      );
      const faults = faultsOf(() => {
        const task = renderRecipe(recipe, order);
        expect(Object.keys(task)).toEqual(["source", "outputs"]);
        expect(Object.keys(task.outputs[0] ?? {})).toEqual(["file", "width"]);
        const file = task.outputs[0]?.file ?? "";
        expect(posix.resolve("/root", file)).toMatch(/^\/root\/out\/put\//);
        expect(posix.normalize(file)).toBe(file);
      });
      for (const { pointer } of faults) expect(pointer).toMatch(/^\/(outputs\/0\/file|source)$/);
    };
    fc.assert(
      fc.property(
        text,
        text,
        text,
        text.filter((source) => source !== ""),
        (a, b, c, source) => outcome({ source, recipe: "r", vars: { a, b, c } }),
      ),
      { numRuns: 1_000 },
    );
  });
});
