import { mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scanDeferred } from "../../src/spool/deferred.ts";
import { scanTasks } from "../../src/spool/scan.ts";
import { realSystem } from "../../src/system.ts";
import { newSpool, put } from "../support/directories.ts";

const real = realSystem();

async function tasksOf(...names: string[]) {
  const layout = await newSpool();
  await Promise.all(names.map((name) => put(join(layout.tasks, name), "")));
  return layout;
}

describe("a look at tasks/", () => {
  it("gives the lowest numbers first, as numbers and not as text", async () => {
    const { entries, total } = await scanTasks(real, await tasksOf("10.json", "9.json", "008.json", "100"), 10);
    expect(entries.map(({ number }) => number)).toEqual([8, 9, 10, 100]);
    expect(total).toBe(4);
  });

  it("puts higher priorities before lower ones, and lower numbers first among equals", async () => {
    const layout = await tasksOf("1.json", "2.p5.json", "3.p9.json", "4.p5.json");
    const { entries } = await scanTasks(real, layout, 10);
    expect(entries.map(({ file }) => file)).toEqual(["3.p9.json", "2.p5.json", "4.p5.json", "1.json"]);
  });

  it("keeps the first of the order in its window, whatever their order in the directory", async () => {
    const numbers = Array.from({ length: 60 }, (_none, index) => `${((index * 37) % 60) + 1}.json`);
    const { entries, total } = await scanTasks(real, await tasksOf(...numbers, "99.p1.json"), 5);
    expect(entries.map(({ number }) => number)).toEqual([99, 1, 2, 3, 4]);
    expect(total).toBe(61);
  });

  it("keeps ten of 20,000 names, and counts the others", async () => {
    const layout = await newSpool();
    const numbers = Array.from({ length: 20_000 }, (_none, index) => ((index * 7_919) % 20_000) + 1);
    const names = numbers.map((number) => `${number}.json`);
    const listing = {
      async *[Symbol.asyncIterator]() {
        for (const name of names) yield { name, isFile: () => true };
      },
    };
    const opendir = (async () => listing) as unknown as typeof real.fs.opendir;
    const view = await scanTasks({ ...real, fs: { ...real.fs, opendir } }, layout, 10);
    expect(view.entries.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(view.total).toBe(20_000);
  });

  it("tells drops, reasons, temporaries and what is none of its business apart", async () => {
    const layout = await tasksOf("7.json", "b.json", "a.json", "7.reason.json", "notes.txt", ".hidden", "8.json~");
    for (const name of ["x.tmp", "y.part", "z.swp", "0.json"]) await put(join(layout.tasks, name), "");
    await mkdir(join(layout.tasks, "9.json"));
    await symlink("7.json", join(layout.tasks, "10.json"));
    const view = await scanTasks(real, layout, 20);
    expect(view.entries.map(({ file }) => file)).toEqual(["7.json"]);
    expect(view.drops).toEqual(["0.json", "a.json", "b.json"]);
    expect(view.reasons).toEqual(["7.reason.json"]);
    expect([...view.foreign].sort()).toEqual(["10.json", "9.json", "notes.txt"]);
    expect([view.total, view.others]).toEqual([4, 9]);
  });

  it("keeps both files of one number, the one that enqueue may have written first", async () => {
    const { entries } = await scanTasks(real, await tasksOf("42", "42.json"), 10);
    expect(entries.map(({ file }) => file)).toEqual(["42.json", "42"]);
  });

  it("says SPOOL_MISSING when the directory is gone", async () => {
    const layout = await tasksOf();
    await rm(layout.tasks, { recursive: true });
    await expect(scanTasks(real, layout, 1)).rejects.toMatchObject({ code: "SPOOL_MISSING" });
  });
});

describe("a look at deferred/", () => {
  const at = (nowMs: number) => ({ nowMs, longestWaitMs: 1_000 });

  it("takes a retry for due whose time no backoff reaches: the clock was set back", async () => {
    const layout = await newSpool();
    for (const name of ["1100.1.a2.json", "1101.2.a2.json", "1101.3.a1.json"])
      await put(join(layout.deferred, name), "");
    const { due, later, nextDueAtMs } = await scanDeferred(real, layout, at(100), 10);
    // What waits for its first attempt has a time that was asked for, however far away.
    expect([due, later].map((entries) => entries.map(({ number }) => number))).toEqual([[2], [1]]);
    expect(nextDueAtMs).toBe(1_100);
  });

  it("gives what is due in the order of starting, and says when the next one is", async () => {
    const layout = await newSpool();
    const names = ["50.3.a2.json", "100.1.a2.json", "70.2.p4.a3.json", "101.4.a2.json", "900.5.a2.json", "note.txt"];
    for (const name of names) await put(join(layout.deferred, name), "");
    const { due, nextDueAtMs } = await scanDeferred(real, layout, at(100), 10);
    expect(due.map(({ file }) => file)).toEqual(["70.2.p4.a3.json", "100.1.a2.json", "50.3.a2.json"]);
    expect(due[0]).toEqual({ number: 2, priority: 4, attempt: 3, dueAtMs: 70, state: "deferred", file: names[2] });
    expect(nextDueAtMs).toBe(101);
    expect((await scanDeferred(real, layout, at(100), 1)).due).toHaveLength(1);
  });

  it("has no next one when nothing waits", async () => {
    const { due, nextDueAtMs } = await scanDeferred(real, await newSpool(), at(0), 10);
    expect([due, nextDueAtMs]).toEqual([[], Number.POSITIVE_INFINITY]);
  });
});
