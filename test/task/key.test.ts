import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeTask, hasOwnKey, keyOf } from "../../src/task/key.ts";
import { checkTask } from "../../src/task/parse.ts";
import type { Task } from "../../src/task/task.ts";
import { parseObject } from "../../src/task/text.ts";

const task: Task = {
  source: "a.jpg",
  outputs: [
    { file: "b.jpg", width: 10, fit: "inside" },
    { file: "c.png", quality: 5 },
  ],
};

const tasks: fc.Arbitrary<Task> = fc
  .record(
    {
      source: fc.string({ unit: "binary", minLength: 1 }).map((text) => `in/${text.replaceAll("\0", "")}`),
      names: fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 4 }),
      width: fc.integer({ min: 1, max: 100 }),
      summary: fc.string({ unit: "binary" }),
      priority: fc.integer({ min: 0, max: 100 }),
    },
    { requiredKeys: ["source", "names", "width"] },
  )
  .map(({ names, width, ...rest }) => ({
    ...rest,
    outputs: names.map((name) => ({ file: `out/${name}.jpg`, width })),
  }));

/** The same value with the members of every object in the opposite order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, turned(member)]),
  );
}

describe("the key of a task", () => {
  it("is 64 hexadecimal digits and stays the same from version to version", () => {
    expect(keyOf(task)).toBe("468390bf1b212bb3a37fb8a9a774d8c2d9068302c9218cf7c13804610d2fe3a3");
  });

  it("does not depend on the order of members", () => {
    fc.assert(
      fc.property(tasks, (task) => {
        expect(keyOf(checkTask(turned(task)))).toBe(keyOf(task));
      }),
    );
  });

  it("does not depend on who asks, what for, how urgently and for how long", () => {
    const urgent = { ...task, supplicant: "alice", summary: "x", priority: 9, timeoutMs: 5, key: "f".repeat(64) };
    expect(keyOf(urgent)).toBe(keyOf(task));
  });

  it.each<[string, Task]>([
    ["the source", { ...task, source: "b.jpg" }],
    ["a width", { ...task, outputs: [{ file: "b.jpg", width: 11, fit: "inside" }, ...task.outputs.slice(1)] }],
    ["a member more", { ...task, outputs: task.outputs.map((output) => ({ ...output, height: 1 })) }],
    ["an output less", { ...task, outputs: task.outputs.slice(1) }],
    ["the order of outputs", { ...task, outputs: task.outputs.toReversed() }],
  ])("changes with %s", (_what, changed) => {
    expect(keyOf(changed)).not.toBe(keyOf(task));
  });

  it("treats a member that is undefined like one that is absent", () => {
    const [first, ...rest] = task.outputs;
    expect(keyOf({ ...task, outputs: [{ ...first, file: "b.jpg", height: undefined }, ...rest] })).toBe(keyOf(task));
  });
});

describe("a task file as enqueue writes it", () => {
  it("reads back as the same task, which says that it is whole", () => {
    fc.assert(
      fc.property(tasks, (written) => {
        const read = checkTask(parseObject(encodeTask(written).toString()));
        expect(hasOwnKey(read)).toBe(true);
        expect({ ...read, key: undefined }).toEqual({ ...written, key: undefined });
      }),
    );
  });

  it("begins with its key, whatever key the task had before, and ends with a line break", () => {
    const text = encodeTask({ ...task, key: "f".repeat(64) }).toString();
    expect(text.startsWith(`{\n  "key": "${keyOf(task)}",\n  "source"`)).toBe(true);
    expect(text.endsWith("}\n")).toBe(true);
  });

  it("no longer has its own key when somebody has changed the instructions", () => {
    const changed = encodeTask(task).toString().replace("a.jpg", "b.png");
    expect(hasOwnKey(checkTask(parseObject(changed)))).toBe(false);
    expect(hasOwnKey(task)).toBe(false);
  });
});
