import { rename, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { countBatch, numbersOfBatch } from "../../src/spool/batches.ts";
import { isSpent } from "../../src/spool/finish.ts";
import { type Layout, sequencePath } from "../../src/spool/layout.ts";
import type { Limits } from "../../src/spool/prune/limits.ts";
import { type PruneResult, pruneState } from "../../src/spool/prune/prune.ts";
import type { PrunedState } from "../../src/spool/prune/survey.ts";
import { openPruned } from "../../src/spool/pruned.ts";
import { openSpool } from "../../src/spool/spool.ts";
import { standingOf } from "../../src/spool/standing.ts";
import { realSystem, type System } from "../../src/system.ts";
import type { Receipt } from "../../src/task/outcome.ts";
import { committerOf, filesByState, names, newSpool, put } from "../support/directories.ts";
import { errno, record } from "../support/recorder.ts";
import { reasonFor, receiptFor } from "./stages.ts";
import { DROP, TASK, TASK_BYTES } from "./task.ts";

const real = realSystem();
const EVERYTHING: Limits = { ageMs: 0, count: null, bytes: null };
const goOn = async (): Promise<boolean> => true;

function prune(
  layout: Layout,
  { state = "done" as PrunedState, limits = EVERYTHING, system = real as System, rest = goOn, dryRun = false } = {},
): Promise<PruneResult> {
  return pruneState(system, layout, state, { limits, rest, dryRun });
}

async function placeReceipt(layout: Layout, number: number, more: Partial<Receipt> = {}): Promise<void> {
  await put(join(layout.done, `${number}.json`), JSON.stringify({ ...receiptFor(number), ...more }));
}

/** Three tasks of a batch that have ended: done, cancelled, and done; task 4 of it waits. */
async function endedBatch(): Promise<Layout> {
  const layout = await newSpool();
  await rename(sequencePath(layout.run, 0), sequencePath(layout.run, 4));
  for (const number of [1, 2, 3, 4]) await put(join(layout.run, "batches", "b", `${number}`), "");
  for (const number of [1, 2, 3]) {
    await placeReceipt(layout, number, { batch: "b", status: number === 2 ? "cancelled" : "done" });
  }
  await put(join(layout.tasks, "4.json"), TASK_BYTES);
  return layout;
}

const standings = (layout: Layout): Promise<string[]> =>
  Promise.all([1, 2, 3, 4, 5].map((number) => standingOf(real, layout, number)));

describe("pruning receipts", () => {
  it("removes them and the marks of their batches, and keeps in mind how the tasks ended", async () => {
    const layout = await endedBatch();
    const told = await prune(layout);
    expect(told).toMatchObject({ removed: 3, kept: 0, numbers: [[1, 3]], isWhole: true });
    expect(await filesByState(layout)).toEqual(["tasks/4.json"]);
    expect(await numbersOfBatch(real, layout, "b")).toEqual([4]);
    expect(await standings(layout)).toEqual(["done", "cancelled", "done", "waiting", "gone"]);
    expect(await countBatch(real, layout, "b")).toMatchObject({ total: 1, waiting: [4] });
  });

  it("takes the directory of a batch along when nothing of it is left", async () => {
    const layout = await endedBatch();
    await placeReceipt(layout, 4, { batch: "b" });
    await rm(join(layout.tasks, "4.json"));
    await prune(layout);
    expect(await names(join(layout.run, "batches"))).toEqual([]);
    const { number } = await (await openSpool(layout.root)).enqueue({ ...TASK, batch: "b" }, { sizes: false });
    expect(await numbersOfBatch(real, layout, "b")).toEqual([number]);
  });

  it("changes nothing when it is dry, and tells what would go", async () => {
    const layout = await endedBatch();
    const before = await filesByState(layout);
    expect(await prune(layout, { dryRun: true })).toMatchObject({ removed: 3, numbers: [[1, 3]] });
    expect([await filesByState(layout), await openPruned(real, layout).ranges()]).toEqual([before, []]);
  });

  it("leaves alone what is no receipt, whatever its name says", async () => {
    const layout = await newSpool();
    const strange = { "1.json": DROP, "2.json": "{", "03.json": "{}", "4.p2.json": "{}", "notes.txt": "", "5": "{}" };
    for (const [name, content] of Object.entries(strange)) await put(join(layout.done, name), content);
    await placeReceipt(layout, 6, { batch: "../../../tasks" });
    await put(join(layout.tasks, "6"), "a drop that is not to be reached from a receipt");
    expect(await prune(layout)).toMatchObject({ removed: 1, numbers: [[6, 6]] });
    expect(await names(layout.done)).toEqual(Object.keys(strange).sort());
    expect(await names(layout.tasks)).toEqual(["6"]);
  });

  it("ends between two slices when it is told to, and goes on from there the next time", async () => {
    const layout = await newSpool();
    for (let number = 1; number <= 150; number++) await placeReceipt(layout, number);
    for (let rests = 0; ; rests++) {
      let left = rests;
      const rest = async (): Promise<boolean> => left-- > 0;
      const { isWhole } = await prune(layout, { rest });
      const counts = await Promise.all([1, 75, 150].map((number) => standingOf(real, layout, number)));
      expect(counts).toEqual(["done", "done", "done"]);
      if (isWhole) break;
    }
    expect(await names(layout.done)).toEqual([]);
  });

  it("killed between any two steps leaves what it had not removed, and counts nothing otherwise than before", async () => {
    for (let steps = 0; ; steps++) {
      const layout = await endedBatch();
      const before = await standings(layout);
      let left = steps;
      const dying = record(layout.root, (text) => {
        if (/^(create|write|fsync|rename|unlink|rmdir) /.test(text) && left-- <= 0) throw errno("EIO");
      });
      const died = await prune(layout, { system: dying.system }).then(
        () => false,
        () => true,
      );
      expect(await standings(layout), `after ${steps} steps`).toEqual(before);
      expect(await countBatch(real, layout, "b")).toMatchObject({ waiting: [4], failed: [] });
      const { number } = await committerOf(layout).commit({ bytes: TASK_BYTES, priority: 0, wanted: 1 });
      expect(number).toBe(5);
      await prune(layout);
      expect(await filesByState(layout)).toEqual(["tasks/4.json", "tasks/5.json"]);
      expect(await numbersOfBatch(real, layout, "b")).toEqual([4]);
      if (!died) break;
      expect(steps).toBeLessThan(50);
    }
  });

  it("makes moves between states durable, then what it remembers, before the first receipt goes", async () => {
    const layout = await endedBatch();
    const recorder = record(layout.root);
    await prune(layout, { system: recorder.system });
    const place = (text: string): number => recorder.lines().findIndex((line) => line.startsWith(text));
    const order = ["fsync active", "fsync tmp/", "rename tmp/", "fsync run", "unlink run/batches/b/", "unlink done/"];
    expect(order.map(place)).not.toContain(-1);
    expect(order.map(place)).toEqual(order.map(place).toSorted((a, b) => a - b));
    const lines = recorder.lines();
    for (const number of [1, 2, 3]) {
      expect(lines.indexOf(`unlink run/batches/b/${number}`)).toBeLessThan(lines.indexOf(`unlink done/${number}.json`));
    }
  });

  it("removes nothing when what was pruned before cannot be read", async () => {
    const layout = await endedBatch();
    await writeFile(join(layout.run, "pruned"), "damaged");
    await expect(prune(layout)).rejects.toMatchObject({ code: "IO_ERROR" });
    expect(await names(layout.done)).toEqual(["1.json", "2.json", "3.json"]);
  });

  it("may be done by two at once", async () => {
    const layout = await newSpool();
    for (let number = 1; number <= 100; number++) await placeReceipt(layout, number);
    const halves = [50, 0].map((count) => prune(layout, { limits: { ...EVERYTHING, ageMs: null, count } }));
    await Promise.all(halves);
    expect(await openPruned(real, layout).ranges(["done"])).toEqual([[1, 100]]);
    expect(await names(layout.done)).toEqual([]);
  });
});

describe("pruning dead letters and rejected drops", () => {
  const old: Limits = { ...EVERYTHING, ageMs: 60_000 };

  async function placeFailed(layout: Layout, number: number, agoMs: number): Promise<void> {
    await put(join(layout.failed, `${number}.json`), TASK_BYTES);
    const reason = await put(join(layout.failed, `${number}.reason.json`), JSON.stringify(reasonFor(number)));
    const at = new Date(Date.now() - agoMs);
    await utimes(reason, at, at);
  }

  it("goes by the time of the reason, for the task was written long before", async () => {
    const layout = await newSpool();
    await placeFailed(layout, 1, 120_000);
    await placeFailed(layout, 2, 0);
    await utimes(join(layout.failed, "2.json"), 1, 1);
    expect(await prune(layout, { state: "failed", limits: old })).toMatchObject({ removed: 1, numbers: [[1, 1]] });
    expect(await names(layout.failed)).toEqual(["2.json", "2.reason.json"]);
    expect(await standingOf(real, layout, 1)).toBe("failed");
  });

  it("takes a file that a person has just put there for young, though it was written long ago", async () => {
    const layout = await newSpool();
    await utimes(await put(join(layout.failed, "1.json"), TASK_BYTES), 1, 1);
    expect(await prune(layout, { state: "failed", limits: old })).toMatchObject({ removed: 0, kept: 1 });
  });

  it("leaves a task that is tried again meanwhile, with the reason that it may get", async () => {
    const layout = await newSpool();
    await placeFailed(layout, 1, 120_000);
    const retrying = record(layout.root, async (text) => {
      if (text !== "fsync failed") return;
      await rename(join(layout.failed, "1.json"), join(layout.tasks, "1.json"));
    });
    const told = await prune(layout, { state: "failed", limits: old, system: retrying.system });
    expect(told).toMatchObject({ removed: 0 });
    expect(await filesByState(layout)).toEqual(["failed/1.reason.json", "tasks/1.json"]);
    expect(await standingOf(real, layout, 1)).toBe("waiting");
    expect(await isSpent({ system: real, layout, pruned: openPruned(real, layout) }, 1)).toBe(false);
  });

  it("removes rejected drops with their reasons, by their names", async () => {
    const layout = await newSpool();
    const at = new Date(Date.now() - 120_000);
    for (const name of ["bad.json", "cat", "42.json"]) {
      await put(join(layout.rejected, name), "{");
      await utimes(await put(join(layout.rejected, `${name}.reason.json`), "{}"), at, at);
    }
    expect(await prune(layout, { state: "rejected", limits: old })).toMatchObject({ removed: 3, numbers: [] });
    expect(await names(layout.rejected)).toEqual([]);
    expect(await openPruned(real, layout).ranges()).toEqual([]);
  });
});
