import { rename } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hasBegun } from "../../src/spool/entries.ts";
import { placesOf } from "../../src/spool/places.ts";
import { realSystem } from "../../src/system.ts";
import { newSpool, put } from "../support/directories.ts";
import { record } from "../support/recorder.ts";

/** Where tasks may move while they are looked for, forwards and backwards. */
const WAYS = [
  ["tasks/7.json", "active/7.a1.json"],
  ["tasks/7.json", "held/7.json"],
  ["deferred/50.7.a2.json", "tasks/50.7.a2.json"],
  ["active/7.a1.json", "deferred/50.7.a2.json"],
  ["held/7.json", "tasks/7.json"],
  ["failed/7.json", "tasks/7.json"],
] as const;

describe("looking for tasks by their numbers", () => {
  it.each(WAYS)("finds one that moves from %s to %s at any moment, and in one place", async (from, to) => {
    for (let at = 0, reached = true; reached; at++) {
      reached = false;
      const layout = await newSpool();
      const path = await put(join(layout.root, from));
      let calls = 0;
      const { system } = record(layout.root, async () => {
        if (calls++ !== at) return;
        reached = true;
        await rename(path, join(layout.root, to));
      });
      const found = (await placesOf(system, layout, [7])).get(7) ?? [];
      expect(found, `moved at call ${at}`).toHaveLength(1);
      expect([join(layout.root, from), join(layout.root, to)]).toContain(found[0]?.path);
    }
  });

  it("tells of each file of a number, and nothing of others", async () => {
    const layout = await newSpool();
    for (const file of ["tasks/7.json", "held/7.p5.json", "tasks/8.json", "done/9.json", "failed/10.reason.json"]) {
      await put(join(layout.root, file));
    }
    const places = await placesOf(realSystem(), layout, [7, 9, 10]);
    expect([...places.keys()]).toEqual([7]);
    expect(places.get(7)?.map(({ state }) => state)).toEqual(["tasks", "held"]);
  });
});

describe("whether a task has begun", () => {
  it.each([
    ["tasks", 1, 0, false],
    ["tasks", 1, 50, false],
    ["tasks", 2, 0, true],
    ["deferred", 1, 50, false],
    ["deferred", 1, 0, true],
    ["deferred", 2, 50, true],
  ] as const)("is told by its name: in %s, attempt %i, due at %i: %s", (state, attempt, dueAtMs, begun) => {
    expect(hasBegun({ state, attempt, dueAtMs, number: 7, priority: 0, file: "" })).toBe(begun);
  });
});
