import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { countBatch, numbersOfBatch } from "../../src/spool/batches.ts";
import { findDuplicate, marksOf } from "../../src/spool/marks.ts";
import { rememberPruned } from "../../src/spool/pruned.ts";
import { type NewTask, openSpool, type Spool } from "../../src/spool/spool.ts";
import { realSystem } from "../../src/system.ts";
import { names, newSpool } from "../support/directories.ts";
import { failing, record } from "../support/recorder.ts";

const system = realSystem();
const TASK: NewTask = { source: "a.jpg", outputs: [{ file: "b.jpg" }] };
const ONCE: NewTask = { ...TASK, dedupe: "cat" };

async function numberOf(spool: Spool, task: NewTask): Promise<number> {
  return (await spool.enqueue(task, { sizes: false })).number;
}

describe("a task with a dedupe word", () => {
  it("is not queued while one with the same word has not ended, wherever it lies", async () => {
    const layout = await newSpool();
    const spool = await openSpool(layout.root);
    expect(await spool.enqueue(ONCE)).toMatchObject({ number: 1, isNew: true });
    const other = { ...ONCE, outputs: [{ file: "other.jpg" }] };
    expect(await spool.enqueue(other)).toMatchObject({ number: 1, isNew: false, outputs: [{ file: "b.jpg" }] });
    for (const [from, to] of [
      ["tasks/1.json", "active/1.a1.json"],
      ["active/1.a1.json", "deferred/5.1.a2.json"],
      ["deferred/5.1.a2.json", "held/1.json"],
    ] as const) {
      await rename(join(layout.root, from), join(layout.root, to));
      expect(await numberOf(spool, ONCE)).toBe(1);
    }
    expect(await names(layout.tasks)).toEqual([]);
    expect(await names(layout.tmp)).toEqual([]);
  });

  it.each(["done", "failed", "rm"])("is queued again when the other one has ended: %s", async (how) => {
    const layout = await newSpool();
    const spool = await openSpool(layout.root);
    await numberOf(spool, { ...ONCE, priority: 7 });
    const path = join(layout.tasks, "1.p7.json");
    if (how === "rm") await rm(path);
    else await rename(path, join(layout.root, how, "1.json"));
    expect(await spool.enqueue(ONCE)).toMatchObject({ number: 2, isNew: true });
    expect(await findDuplicate(system, layout, marksOf(ONCE))).toBe(2);
  });

  it("may name its own instructions instead, which no word is mistaken for", async () => {
    const spool = await openSpool((await newSpool()).root);
    const own = { ...TASK, dedupe: true as const };
    expect(await numberOf(spool, own)).toBe(1);
    expect(await numberOf(spool, { ...own, summary: "who asks is no instruction" })).toBe(1);
    expect(await numberOf(spool, { ...TASK, dedupe: `key ${"0".repeat(64)}` })).toBe(2);
    expect(await numberOf(spool, { ...own, outputs: [{ file: "b.jpg", width: 9 }] })).toBe(3);
    expect(await numberOf(spool, TASK)).toBe(4);
  });

  it("is queued once by calls that overlap, and numbers have no gaps", async () => {
    const layout = await newSpool();
    const spools = await Promise.all([openSpool(layout.root), openSpool(layout.root)]);
    const calls = Array.from({ length: 40 }, (_none, index) =>
      (spools[index % 2] as Spool).enqueue({ ...TASK, dedupe: `word ${index % 5}` }),
    );
    const tickets = await Promise.all(calls);
    expect(tickets.filter(({ isNew }) => isNew)).toHaveLength(5);
    expect(new Set(tickets.map(({ number }) => number))).toEqual(new Set([1, 2, 3, 4, 5]));
    expect(await names(layout.tasks)).toHaveLength(5);
  });

  it("leaves no word behind when it could not be committed", async () => {
    const layout = await newSpool();
    const { system: broken } = record(
      layout.root,
      failing("EIO", (text) => text === "fsync tasks"),
    );
    const spool = await openSpool(layout.root, broken);
    await expect(spool.enqueue({ ...ONCE, batch: "b" })).rejects.toMatchObject({ code: "IO_ERROR" });
    expect(await names(join(layout.run, "dedupe"))).toEqual([]);
    expect(await numbersOfBatch(system, layout, "b")).toEqual([]);
    expect(await findDuplicate(system, layout, marksOf(ONCE))).toBeUndefined();
  });
});

describe("the marks of a task", () => {
  it("are durable before the directory of tasks is, and made before the task appears", async () => {
    const layout = await newSpool();
    const recorder = record(layout.root);
    await (await openSpool(layout.root, recorder.system)).enqueue({ ...ONCE, batch: "b" }, { sizes: false });
    const place = (start: string): number => recorder.lines().findIndex((text) => text.startsWith(start));
    const order = ["symlink run/dedupe/", "create run/batches/b/1", "link tmp/", "fsync run/batches/b", "fsync tasks"];
    const places = order.map(place);
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(place("fsync run/dedupe")).toBeLessThan(place("fsync tasks"));
  });

  it("make way for a task whose number a drop has taken", async () => {
    const layout = await newSpool();
    await writeFile(join(layout.tasks, "1.json"), "by hand");
    const spool = await openSpool(layout.root);
    expect(await numberOf(spool, { ...ONCE, batch: "b" })).toBe(2);
    expect(await numbersOfBatch(system, layout, "b")).toEqual([2]);
    expect(await findDuplicate(system, layout, marksOf(ONCE))).toBe(2);
    expect(await readFile(join(layout.tasks, "1.json"), "utf8")).toBe("by hand");
  });
});

describe("a batch", () => {
  it("is counted by where its tasks lie", async () => {
    const layout = await newSpool();
    const spool = await openSpool(layout.root);
    for (let count = 0; count < 6; count++) await spool.enqueue({ ...TASK, batch: "b" }, { sizes: false });
    await spool.enqueue({ ...TASK, batch: "other" }, { sizes: false });
    const move = (from: string, to: string): Promise<void> => rename(join(layout.root, from), join(layout.root, to));
    await move("tasks/1.json", "done/1.json");
    await move("tasks/2.json", "failed/2.json");
    await move("tasks/3.json", "deferred/9.3.a2.json");
    await move("tasks/4.json", "held/4.json");
    await rm(join(layout.tasks, "5.json"));
    const counts = { batch: "b", total: 5, waiting: [3, 4, 6], failed: [2], done: 1 };
    expect(await countBatch(system, layout, "b")).toEqual(counts);
    expect(await countBatch(system, layout, "none")).toMatchObject({ total: 0, waiting: [], done: 0 });
  });

  it("counts what was pruned as done", async () => {
    const layout = await newSpool();
    const spool = await openSpool(layout.root);
    await spool.enqueue({ ...TASK, batch: "b" }, { sizes: false });
    await rm(join(layout.tasks, "1.json"));
    expect(await countBatch(system, layout, "b")).toMatchObject({ total: 0 });
    await rememberPruned(system, layout, { done: [1], cancelled: [], failed: [] });
    expect(await countBatch(system, layout, "b")).toMatchObject({ total: 1, done: 1 });
  });
});
