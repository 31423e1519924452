import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lookingSystem } from "../../src/direct-system.ts";
import { AGE_LIMITS_MIN, type AgeGroup, countAges } from "../../src/spool/ages.ts";
import type { Layout, State } from "../../src/spool/layout.ts";
import { realSystem } from "../../src/system.ts";
import { newSpool, put } from "../support/directories.ts";
import { record } from "../support/recorder.ts";

const NOW = 2_000_000_000_000;
const system = { ...lookingSystem(), nowMs: () => NOW };

async function place(layout: Layout, path: string, minutes: number, content: unknown = {}): Promise<void> {
  const at = (NOW - minutes * 60_000) / 1_000;
  await utimes(await put(join(layout.root, path), JSON.stringify(content)), at, at);
}

async function rows(layout: Layout, by: AgeGroup, ...states: readonly State[]): Promise<unknown[]> {
  const { total, rows: found } = await countAges(system, layout, { states, by });
  return [total, ...found].map(({ name, total: all }) => [name, all]);
}

describe("the ages of tasks", () => {
  it("are counted in columns that begin where the one before ends", async () => {
    const layout = await newSpool();
    const minutes = [0, 4.99, 5, 9.9, 19, 39, 79, 159, 319, 639, 1_279, 1_280, 99_999];
    for (const [index, each] of minutes.entries()) await place(layout, `tasks/${index + 1}.json`, each);
    const { total } = await countAges(system, layout, { states: ["tasks"], by: "state" });
    expect(total.counts).toEqual([2, 2, 1, 1, 1, 1, 1, 1, 1, 2]);
    expect(total.counts).toHaveLength(AGE_LIMITS_MIN.length + 1);
  });

  it("of a file from the future are the least there is", async () => {
    const layout = await newSpool();
    await place(layout, "tasks/1.json", -60);
    const { total } = await countAges(system, layout, { states: ["tasks"], by: "state" });
    expect(total.counts[0]).toBe(1);
  });

  it("have a row for each supplicant, state or batch, most first, and one for those that name none", async () => {
    const layout = await newSpool();
    const alice = { supplicant: "alice", batch: "b" };
    await place(layout, "tasks/1.json", 1, { supplicant: "bob" });
    for (const number of [2, 3]) await place(layout, `deferred/9.${number}.a2.json`, 1, alice);
    await place(layout, "held/4.p3.json", 1, alice);
    await place(layout, "tasks/drop.json", 1, "not an object");
    await place(layout, "failed/5.json", 1, alice);
    const all = ["tasks", "deferred", "held"] as const;
    expect(await rows(layout, "supplicant", ...all)).toEqual([
      [null, 5],
      ["alice", 3],
      [null, 1],
      ["bob", 1],
    ]);
    expect(await rows(layout, "batch", ...all)).toEqual([
      [null, 5],
      ["b", 3],
      [null, 2],
    ]);
    expect(await rows(layout, "state", ...all)).toEqual([
      [null, 5],
      ["deferred", 2],
      ["tasks", 2],
      ["held", 1],
    ]);
    expect(await rows(layout, "supplicant", "failed")).toEqual([
      [null, 1],
      ["alice", 1],
    ]);
  });

  it("leave out what is no task, and open nothing when names tell enough", async () => {
    const layout = await newSpool();
    const strange = ["tasks/.1.json", "tasks/2.json~", "tasks/notes.txt", "failed/3.reason.json", "done/notes.json"];
    for (const path of strange) await place(layout, path, 1);
    await place(layout, "rejected/bad", 1);
    await place(layout, "tasks/7.json", 1);
    const recorder = record(layout.root, undefined, realSystem());
    const ages = await countAges(recorder.system, layout, {
      states: ["tasks", "failed", "done", "rejected"],
      by: "state",
    });
    expect(ages.total.total).toBe(2);
    expect(recorder.calls().filter((call) => /^(open|readFile|read) /.test(call))).toEqual([]);
  });

  it("take no more memory for it when there are very many names: later ones share a row", async () => {
    const layout = await newSpool();
    const names = Array.from({ length: 10_050 }, (_none, index) => `${index + 1}.json`);
    // Not on disk: the file system is played.
    const fs = {
      ...system.fs,
      opendir: async () => names.map((name) => ({ name, isFile: () => true })),
      lstat: async () => ({ mtimeMs: NOW, size: 9 }),
      readFile: async (path: string) => JSON.stringify({ supplicant: path }),
    } as unknown as typeof system.fs;
    const ages = await countAges({ ...system, fs }, layout, { states: ["tasks"], by: "supplicant" });
    expect(ages.total.total).toBe(10_050);
    expect(ages.rows).toHaveLength(10_001);
    expect(ages.rows[0]).toMatchObject({ name: "(others)", total: 50 });
  });
});
