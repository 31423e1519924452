import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { batchMark } from "../../src/spool/batches.ts";
import type { Layout } from "../../src/spool/layout.ts";
import { SELECTED, selectNumbers } from "../../src/spool/selection.ts";
import { realSystem } from "../../src/system.ts";
import { newSpool, put } from "../support/directories.ts";
import { TASK } from "./task.ts";

const NOW_MS = 1_000_000;
const system = { ...realSystem(), nowMs: () => NOW_MS };

/** A waiting task of somebody, written so many ms ago. */
async function place(layout: Layout, file: string, supplicant?: string, ageMs = 0): Promise<void> {
  const at = (NOW_MS - ageMs) / 1_000;
  await utimes(await put(join(layout.root, file), JSON.stringify({ ...TASK, supplicant })), at, at);
}

describe("a selection of tasks", () => {
  it.each([
    ["alice", [1, 2, 4]],
    ["gallery app", [2]],
    ["gallery app, user alice", [2]],
    ["alic", []],
    ["Alice", []],
    ["alice@example.org", [4]],
    ["", [5]],
  ])("takes a text that says who asks, or whole words of it: %j", async (supplicant, numbers) => {
    const layout = await newSpool();
    const who = ["alice", "gallery app, user alice", "malice", "alice@example.org"];
    for (const [index, text] of who.entries()) await place(layout, `tasks/${index + 1}.json`, text);
    await place(layout, "tasks/5.json");
    expect(await selectNumbers(system, layout, ["tasks"], { supplicant })).toEqual(numbers);
  });

  it("takes what was written so long ago or longer", async () => {
    const layout = await newSpool();
    for (const [index, ageMs] of [0, 999, 1_000, 5_000].entries()) {
      await place(layout, `failed/${index + 1}.json`, "alice", ageMs);
    }
    expect(await selectNumbers(system, layout, ["failed"], { olderMs: 1_000 })).toEqual([3, 4]);
  });

  it("takes the tasks of a batch, and none of one that there is not", async () => {
    const layout = await newSpool();
    for (const number of [1, 2, 3]) await place(layout, `held/${number}.json`);
    for (const number of [2, 3, 9]) await put(batchMark(layout, "album", number), "");
    expect(await selectNumbers(system, layout, ["held"], { batch: "album" })).toEqual([2, 3]);
    for (const batch of ["other", "../batches/album", ""]) {
      expect(await selectNumbers(system, layout, ["held"], { batch })).toEqual([]);
    }
  });

  it("takes each number once, state by state, in the order of starting, and nothing without a number", async () => {
    const layout = await newSpool();
    const files = ["tasks/1.json", "tasks/2.p5.json", "tasks/cat.json", "deferred/50.1.a2.json", "active/3.a1.json"];
    for (const file of files) await place(layout, file);
    expect(await selectNumbers(system, layout, SELECTED.hold, {})).toEqual([2, 1, 3]);
  });

  it("asks all that is asked for of the same task, however many there are", async () => {
    const layout = await newSpool();
    for (let number = 1; number <= 150; number++) {
      await place(layout, `failed/${number}.json`, number % 2 ? "alice" : "bob", number);
    }
    const both = { supplicant: "alice", olderMs: 147 };
    expect(await selectNumbers(system, layout, ["failed"], both)).toEqual([147, 149]);
  });
});
