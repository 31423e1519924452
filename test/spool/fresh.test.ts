import { mkdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { commitReceipt } from "../../src/spool/finish.ts";
import { forgetReceipts, rememberedReceipt } from "../../src/spool/fresh.ts";
import type { Layout } from "../../src/spool/layout.ts";
import { realSystem, type System } from "../../src/system.ts";
import type { Receipt } from "../../src/task/outcome.ts";
import { names, newSpool } from "../support/directories.ts";

const system = realSystem();
const KEY = "a".repeat(64);
let layout: Layout;

beforeEach(async () => {
  layout = await newSpool();
});

function receipt(number: number, sha256?: string): Receipt {
  const source = { path: "/cat.jpg", width: 1, height: 1, bytes: 1, format: "jpeg", orientation: 1 };
  const at = "2027-01-31T12:00:00.000Z";
  const who = { supplicant: null, summary: null, attempts: 1, startedAt: at, endedAt: at, durationMs: 0 };
  return { number, key: KEY, status: "done", ...who, outputs: [], source: { ...source, ...(sha256 && { sha256 }) } };
}

describe("a receipt that can tell what its source was", () => {
  it("gets its key as a second name, and a later one takes that over", async () => {
    await commitReceipt(system, layout, receipt(1, "b".repeat(64)));
    expect(await rememberedReceipt(system, layout, KEY)).toMatchObject({ number: 1 });
    const { ino, nlink } = await stat(join(layout.done, "1.json"));
    expect([(await stat(join(layout.fresh, KEY))).ino, nlink]).toEqual([ino, 2]);
    await commitReceipt(system, layout, receipt(2, "c".repeat(64)));
    expect(await rememberedReceipt(system, layout, KEY)).toMatchObject({ number: 2 });
    expect(await names(layout.fresh)).toEqual([KEY]);
    expect(await names(layout.tmp)).toEqual([]);
    expect(((await stat(layout.fresh)).mode & 0o777).toString(8)).toBe("700");
  });

  it("is committed all the same when there is no room for the second name", async () => {
    const fs = {
      ...system.fs,
      rename: () => Promise.reject(Object.assign(new Error("no space"), { code: "ENOSPC" })),
    } as System["fs"];
    expect(await commitReceipt({ ...system, fs }, layout, receipt(1, "b".repeat(64)))).toBe(true);
    expect(JSON.parse(await readFile(join(layout.done, "1.json"), "utf8"))).toEqual(receipt(1, "b".repeat(64)));
    expect(await names(layout.tmp)).toEqual([]);
    expect(await rememberedReceipt(system, layout, KEY)).toBeUndefined();
  });
});

describe("a receipt that cannot", () => {
  it("has one name", async () => {
    await commitReceipt(system, layout, receipt(1));
    expect((await stat(join(layout.done, "1.json"))).nlink).toBe(1);
    expect(await names(layout.run)).not.toContain("fresh");
  });
});

describe("receipts that are remembered", () => {
  const onward = async (): Promise<boolean> => true;

  it("are forgotten when no task has ended with their key for long", async () => {
    expect(await forgetReceipts(system, layout, 5_000, onward)).toBe(0);
    await mkdir(layout.fresh);
    for (const [name, seconds] of [
      ["old", 4],
      ["edge", 5],
      ["young", 6],
    ] as const) {
      await writeFile(join(layout.fresh, name), "{}");
      await utimes(join(layout.fresh, name), seconds, seconds);
    }
    expect(await forgetReceipts(system, layout, 5_000, onward)).toBe(1);
    expect(await names(layout.fresh)).toEqual(["edge", "young"]);
  });
});
