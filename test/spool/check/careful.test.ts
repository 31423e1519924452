import { readdirSync, readFileSync } from "node:fs";
import { readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isInOrder } from "../../../src/spool/check/check.ts";
import { isKnownInRun } from "../../../src/spool/check/foreign.ts";
import { acquireDaemonLock } from "../../../src/spool/daemon-lock.ts";
import { commitReceipt } from "../../../src/spool/finish.ts";
import type { Layout } from "../../../src/spool/layout.ts";
import { openSpool } from "../../../src/spool/spool.ts";
import { spoolTagOf } from "../../../src/spool/tag.ts";
import { realSystem } from "../../../src/system.ts";
import { encodeTask } from "../../../src/task/key.ts";
import { filesByState, names, newSpool, put } from "../../support/directories.ts";
import { receiptFor } from "../stages.ts";
import { DROP, TASK, TASK_BYTES } from "../task.ts";
import { age, check, codesOf, placeDone, rootOf, spoolInOrder } from "./spools.ts";

const system = realSystem();

async function temporaryOf(layout: Layout, rest: string): Promise<string> {
  return join(rootOf(layout), `.spoold-${await spoolTagOf(system, layout)}-${rest}`);
}

describe("check takes for no trouble", () => {
  const ways: Readonly<Record<string, (layout: Layout) => Promise<unknown>>> = {
    "a parked task that a person has changed": ({ held }) => put(join(held, "10.json"), DROP),
    "a reason that stayed behind while its task is tried again": async ({ failed, tasks }) => {
      await age(await put(join(failed, "10.reason.json"), "{}"));
      await put(join(tasks, "10.json"), TASK_BYTES);
    },
    "a mark, a reason and a temporary that were just written": async ({ run, failed, tmp }) => {
      await put(join(run, "batches", "b", "10"), "");
      await put(join(failed, "10.reason.json"), "{}");
      await put(join(tmp, `${"0".repeat(8)}-0000-0000-0000-${"0".repeat(12)}.json`), "");
    },
    "names that editors and copies use": async ({ tasks, root, run }) => {
      for (const name of [".10.json.swp", "10.json~", "cat.json.part"]) await put(join(tasks, name), "{");
      for (const path of [join(root, ".backup"), join(run, "note.tmp")]) await put(path, "");
    },
    "what people keep in a spool": async ({ settingsFile, scheduleFile, recipes, handlers, pauseFile }) => {
      for (const path of [settingsFile, scheduleFile, join(recipes, "a.json"), join(handlers, "a.js"), pauseFile])
        await put(path, "{}");
    },
    "what schedules and syncs know": async ({ run }) => {
      for (const path of ["schedule/nightly.json", "sync/0123.jsonl", "sync/0123.7-1.journal"])
        await put(join(run, path), "{}");
    },
    "an output that a later task has made anew": async (layout) => {
      await placeDone(layout, 11, { "a.jpg": {} }, { endedAt: "2027-01-02T00:00:00.000Z" });
      await placeDone(layout, 10, { "a.jpg": { bytes: 9 } }, { endedAt: "2027-01-01T00:00:00.000Z" });
    },
    "a source that a task before it is to make": async ({ tasks }) => {
      await put(join(tasks, "10.json"), encodeTask({ ...TASK, outputs: [{ file: "made.jpg" }] }));
      await put(join(tasks, "11.json"), encodeTask({ ...TASK, source: "made.jpg" }));
    },
    "temporaries of other spools": (layout) => put(join(rootOf(layout), ".spoold-01234567-1-a1-0.tmp"), ""),
  };

  it.each(Object.entries(ways))("%s", async (_what, prepare) => {
    const layout = await spoolInOrder();
    await placeDone(layout, 4, { "there.jpg": {} });
    await prepare(layout);
    expect(await check(layout, { deep: true })).toEqual([]);
  });
});

describe("check knows in run/", () => {
  it("every name that the program puts there", () => {
    const sources = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
    const texts = sources.map((name) => readFileSync(join("src", name), "utf8"));
    const names = texts.flatMap((text) =>
      [...text.matchAll(/join\((?:layout\.)?run, "([\w.-]+)"/g)].map(([, name]) => name),
    );
    // Locks are named after what they lock, and lie there as add.lock and daemon.lock.
    const lying = new Set(names.flatMap((name) => (name === "add" || name === "daemon" ? [] : (name ?? []))));
    expect(lying.size).toBeGreaterThan(9);
    expect([...lying].filter((name) => !isKnownInRun(name))).toEqual([]);
  });
});

describe("check compares the digests of outputs", () => {
  it("only when it is to look deep", async () => {
    const layout = await spoolInOrder();
    await placeDone(layout, 4, { "a.jpg": {} });
    await writeFile(join(rootOf(layout), "a.jpg"), "PIXELS");
    expect(await check(layout)).toEqual([]);
    expect(codesOf(await check(layout, { deep: true }))).toEqual(["output-changed"]);
  });
});

describe("check with fix", () => {
  it("does not touch what a daemon owns, and says by whom it was kept from it", async () => {
    const layout = await spoolInOrder();
    await put(join(layout.attempts, "10.json"), "[]");
    await put(join(layout.active, "10.a1.json"), TASK_BYTES);
    await placeDone(layout, 10, {});
    await put(join(layout.held, "11.json"), "no task");
    const lock = await acquireDaemonLock(system, layout, () => undefined);
    const found = await check(layout, { fix: true });
    await lock.release();
    expect(found.map(({ code, isFixed, refused }) => [code, isFixed, refused?.code])).toEqual([
      ["not-a-task", true, undefined],
    ]);
    expect(await names(layout.active)).toEqual(["10.a1.json"]);
    const after = await check(layout, { fix: true });
    expect(after.map(({ code, isFixed }) => [code, isFixed])).toEqual([["ended-twice", true]]);
    expect([await names(layout.active), await names(layout.attempts)]).toEqual([[], ["9.json"]]);
  });

  it("leaves what needs the spool for itself while a daemon runs", async () => {
    const layout = await spoolInOrder();
    await rm(join(layout.deferred, "5.9.a2.json"));
    await placeDone(layout, 9, {});
    const lock = await acquireDaemonLock(system, layout, () => undefined);
    const [finding] = await check(layout, { fix: true });
    await lock.release();
    expect(finding).toMatchObject({ code: "record-without-task", isFixed: false, refused: { code: "SPOOL_LOCKED" } });
    expect(await names(layout.attempts)).toEqual(["9.json"]);
  });

  it("keeps what may be the only copy of an old output", async () => {
    const layout = await spoolInOrder();
    await placeDone(layout, 4, { "a.jpg": {} });
    const file = await put(await temporaryOf(layout, "10-a1-0.tmp.old"), "old pixels");
    const folder = await temporaryOf(layout, "10-a1-1.tmp");
    await put(join(folder, "tiles_files.old", "0_0.jpeg"), "old tile");
    const found = await check(layout, { fix: true });
    expect(found.map(({ code, isFixed }) => [code, isFixed])).toEqual([
      ["half-output", false],
      ["half-output", false],
    ]);
    expect(await readFile(file, "utf8")).toBe("old pixels");
    expect(await readFile(join(folder, "tiles_files.old", "0_0.jpeg"), "utf8")).toBe("old tile");
  });

  it("leaves temporaries of an attempt whose daemon died to the next start, which may complete them", async () => {
    const layout = await spoolInOrder();
    await put(join(layout.active, "10.a1.json"), TASK_BYTES);
    const path = await put(await temporaryOf(layout, "10-a1-0.tmp"), "whole pixels");
    expect(codesOf(await check(layout, { fix: true }))).toEqual(["claim-without-daemon"]);
    expect(await readFile(path, "utf8")).toBe("whole pixels");
  });

  it("removes none of two different files of one number, and no copy of a task that is done", async () => {
    const layout = await spoolInOrder();
    await put(join(layout.held, "1.json"), encodeTask({ ...TASK, summary: "another" }));
    await put(join(layout.held, "4.json"), TASK_BYTES);
    const before = await filesByState(layout);
    const found = await check(layout, { fix: true });
    expect(found.map(({ code, isFixed }) => [code, isFixed])).toEqual([
      ["number-twice", false],
      ["ended-twice", false],
    ]);
    expect(await filesByState(layout)).toEqual(before);
  });

  it("keeps the bytes of what it rejects", async () => {
    const layout = await spoolInOrder();
    await put(join(layout.held, "10.json"), Buffer.from([0, 255, 10]));
    await put(join(layout.rejected, "10.json"), "an earlier one");
    await check(layout, { fix: true });
    expect(await readFile(join(layout.rejected, "10.json.2"))).toEqual(Buffer.from([0, 255, 10]));
    expect(await readFile(join(layout.rejected, "10.json"), "utf8")).toBe("an earlier one");
  });
});

describe("check of a spool in which others are at work", () => {
  it("tells of nothing that was only on its way", async () => {
    const layout = await newSpool();
    await put(join(rootOf(layout), "in.jpg"), "a picture");
    const lock = await acquireDaemonLock(system, layout, () => undefined);
    const spool = await openSpool(layout.root);
    let working = true;
    const found: unknown[] = [];
    const looking = (async () => {
      for (let looks = 0; working || looks < 3; looks++) found.push(...(await check(layout, { fix: true })));
    })();
    const move = (from: string, to: string): Promise<void> => rename(join(layout.root, from), join(layout.root, to));
    const lanes = Array.from({ length: 4 }, async () => {
      for (let round = 0; round < 15; round++) {
        const { number } = await spool.enqueue({ ...TASK, batch: "b", dedupe: `w${round}` }, { sizes: false });
        await move(`tasks/${number}.json`, `active/${number}.a1.json`).catch(() => undefined);
        await move(`active/${number}.a1.json`, `deferred/5.${number}.a2.json`).catch(() => undefined);
        await move(`deferred/5.${number}.a2.json`, `held/5.${number}.a2.json`).catch(() => undefined);
        await move(`held/5.${number}.a2.json`, `tasks/${number}.json`).catch(() => undefined);
        await move(`tasks/${number}.json`, `active/${number}.a2.json`).catch(() => undefined);
        await commitReceipt(system, layout, receiptFor(number));
        await unlink(join(layout.active, `${number}.a2.json`)).catch(() => undefined);
      }
    });
    await Promise.all(lanes);
    working = false;
    await looking;
    await lock.release();
    expect(found).toEqual([]);
    expect(isInOrder(await check(layout))).toBe(true);
  });
});
