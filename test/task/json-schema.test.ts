import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, it } from "vitest";
import { taskJsonSchema } from "../../src/task/json-schema.ts";
import { orderSchema } from "../../src/task/order.ts";
import { handlerTaskSchema, taskSchema } from "../../src/task/task.ts";
import { README } from "../support/readme.ts";

let validate: ValidateFunction;

beforeAll(() => {
  // An independent reader of the same standard; `date-time` is held by a pattern as well.
  const ajv = new Ajv2020({ allErrors: true, validateFormats: false });
  validate = ajv.compile(taskJsonSchema());
});

/** Whether spoold itself takes it, as far as members one by one are concerned. */
function isTaken(value: unknown): boolean {
  return [taskSchema, handlerTaskSchema(), orderSchema()].some((schema) => schema.safeParse(value).success);
}

/** All that README shows between braces and that names a source or a handler. */
function readmeTasks(): unknown[] {
  const blocks = [...README.matchAll(/^```[\w ]*\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => text);
  const texts = blocks.flatMap((text) => [text, ...(text.match(/\{"[\s\S]*\}(?=')|^\{ "[^\n]*\}$/gm) ?? [])]);
  const values = texts.flatMap((text) => {
    try {
      return [JSON.parse(text) as unknown];
    } catch {
      // Not JSON, or more than that: another piece of it may be.
      return [];
    }
  });
  return values.filter(
    (value) => typeof value === "object" && value !== null && ("source" in value || "handler" in value),
  );
}

const PICTURE = {
  source: "uploads/cat.jpg",
  outputs: [
    { file: "a.jpg", width: 10, fit: "inside", quality: 80, encode: { mozjpeg: true } },
    { file: "b.png", steps: [{ grayscale: true }, { blur: 3 }, { extract: { left: 0, top: 0, width: 1, height: 1 } }] },
    { file: "c.dzi", tile: { size: 256, layout: "dz" } },
  ],
  runAt: "2027-01-31T12:00:00Z",
  dedupe: true,
  after: [1, 2],
  batch: "b",
};
const HANDLER = { handler: "mail", data: { to: ["a", 1, null, { b: false }] }, reads: ["a"], writes: [], priority: 5 };
const ORDER = { source: "cat.jpg", recipe: "gallery", vars: { album: "summer", quality: 80 }, skipIfFresh: true };

describe("the JSON Schema of a task", () => {
  it("says which draft it is of, and what it is called", () => {
    expect(taskJsonSchema()).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $id: "urn:spoold:task",
      title: "A task of spoold",
    });
  });

  it("takes every task that README shows", () => {
    const shown = readmeTasks();
    expect(shown.length).toBeGreaterThan(3);
    for (const task of shown) expect([task, validate(task), validate.errors]).toEqual([task, true, null]);
  });

  it.each([
    ["on a picture", PICTURE],
    ["for a handler", HANDLER],
    ["that names a recipe", ORDER],
  ])("takes a task %s, and any of its members alone that must be there", (_what, task) => {
    expect([isTaken(task), validate(task), validate.errors]).toEqual([true, true, null]);
    for (const name of Object.keys(task)) {
      const { [name as keyof typeof task]: _left, ...without } = task;
      expect([name, validate(without)]).toEqual([name, isTaken(without)]);
    }
  });

  it("refuses what spoold refuses: wrong kinds, wrong words, and members that there are not", () => {
    const wrong = [null, "text", -1, 1e9, {}, [], [{}], true, "x".repeat(5_000)];
    let refused = 0;
    for (const task of [PICTURE, HANDLER, ORDER]) {
      for (const name of [...Object.keys(task), "colour"]) {
        for (const value of wrong) {
          const changed = { ...task, [name]: value };
          expect([changed, validate(changed)]).toEqual([changed, isTaken(changed)]);
          if (!isTaken(changed)) refused += 1;
        }
      }
    }
    expect(refused).toBeGreaterThan(100);
  });

  it("refuses the same of an output, of its steps and of its encoder", () => {
    const outputs = [
      { file: "a.jpg", widht: 10 },
      { file: "a.jpg", width: 0 },
      { file: "a.jpg", fit: "stretch" },
      { file: "a.jpg", steps: [{ paint: true }] },
      { file: "a.jpg", steps: [{ blur: 3, flip: true }] },
      { file: "a.jpg", steps: [{}] },
      { file: "a.jpg", encode: { mozjpegs: true } },
      { file: "a.jpg", tile: { layout: "none" } },
      { width: 10 },
    ];
    for (const output of outputs) {
      const task = { source: "a.jpg", outputs: [output] };
      expect([output, isTaken(task), validate(task)]).toEqual([output, false, false]);
    }
  });

  it("takes what the shipped recipes make, and says what each member is for", () => {
    for (const file of readdirSync("spool/recipes")) {
      const { outputs } = JSON.parse(readFileSync(`spool/recipes/${file}`, "utf8")) as {
        outputs: { quality?: unknown }[];
      };
      const filled = outputs.map((output) => ({ ...output, ...(output.quality !== undefined && { quality: 80 }) }));
      expect([file, validate({ source: "a.jpg", outputs: filled }), validate.errors]).toEqual([file, true, null]);
    }
    const definitions = Object.values(taskJsonSchema().$defs ?? {});
    const members = definitions.flatMap(({ properties = {} }) => Object.entries(properties));
    expect(members.length).toBeGreaterThan(40);
    for (const [name, member] of members)
      expect([name, member]).toEqual([name, expect.objectContaining({ description: expect.stringMatching(/./) })]);
  });
});
