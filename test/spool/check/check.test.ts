import { chmod, link, lutimes, mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lookingSystem } from "../../../src/direct-system.ts";
import { isInOrder } from "../../../src/spool/check/check.ts";
import { FINDINGS, type FindingCode } from "../../../src/spool/check/finding.ts";
import { type Layout, sequencePath } from "../../../src/spool/layout.ts";
import { spoolTagOf } from "../../../src/spool/tag.ts";
import { encodeTask } from "../../../src/task/key.ts";
import { filesByState, newSpool, put } from "../../support/directories.ts";
import { receiptFor } from "../stages.ts";
import { TASK, TASK_BYTES } from "../task.ts";
import { age, check, codesOf, placeDone, rootOf, spoolInOrder } from "./spools.ts";

const NONCE = `${"0".repeat(8)}-0000-0000-0000-${"0".repeat(12)}`;
const system = lookingSystem();

const cancelled = (number: number): string => {
  const { key } = JSON.parse(TASK_BYTES.toString());
  return JSON.stringify({ ...receiptFor(number), status: "cancelled", key });
};

/** For each kind of finding, how a spool comes to it, and what is left where when it was mended. */
const WAYS: {
  readonly [Code in FindingCode]: { spoil: (layout: Layout) => Promise<unknown>; left?: readonly string[] };
} = {
  "missing-directory": { spoil: ({ rejected }) => rm(rejected, { recursive: true }), left: [] },
  "unsafe-directory": { spoil: ({ done }) => chmod(done, 0o770), left: [] },
  "wrong-owner": { spoil: async ({ held }) => chmod(await put(join(held, "10.json"), TASK_BYTES), 0o000) },
  "foreign-file": { spoil: ({ held }) => put(join(held, "notes.txt"), "mine") },
  "claim-without-daemon": { spoil: ({ active }) => put(join(active, "10.a1.json"), TASK_BYTES) },
  "number-twice": {
    spoil: async ({ tasks, deferred }) =>
      link(await put(join(tasks, "10.json"), TASK_BYTES), join(deferred, "5.10.a2.json")),
    left: ["tasks/10.json"],
  },
  "ended-twice": {
    spoil: async (layout) => {
      await placeDone(layout, 10, {});
      await put(join(layout.active, "10.a2.json"), TASK_BYTES);
    },
    left: ["done/10.json"],
  },
  "cancel-unfinished": {
    spoil: async ({ done, held }) => {
      await put(join(done, "10.json"), cancelled(10));
      await put(join(held, "10.json"), TASK_BYTES);
    },
    left: ["done/10.json"],
  },
  "not-a-task": {
    spoil: ({ deferred }) => put(join(deferred, "5.10.a2.json"), "bytes of a person"),
    left: ["rejected/5.10.a2.json", "rejected/5.10.a2.json.reason.json"],
  },
  "not-a-receipt": { spoil: ({ done }) => put(join(done, "10.json"), TASK_BYTES) },
  "missing-source": {
    spoil: ({ tasks }) => put(join(tasks, "10.json"), encodeTask({ ...TASK, source: "gone.jpg" })),
  },
  "record-without-task": {
    spoil: async ({ attempts, failed }) => {
      await put(join(failed, "10.json"), TASK_BYTES);
      await put(join(attempts, "10.json"), "[]");
    },
    left: ["failed/10.json"],
  },
  "mark-without-task": {
    spoil: async ({ run }) => {
      await age(await put(join(run, "batches", "b", "10"), ""));
      await mkdir(join(run, "dedupe"));
      await symlink("11.json", join(run, "dedupe", "0".repeat(64)));
      await lutimes(join(run, "dedupe", "0".repeat(64)), 1, 1);
    },
    left: [],
  },
  "reason-without-task": {
    spoil: async (layout) => {
      await placeDone(layout, 10, {});
      await age(await put(join(layout.failed, "10.reason.json"), "{}"));
    },
    left: ["done/10.json"],
  },
  "damaged-record": { spoil: ({ run }) => put(join(run, "pruned"), "?") },
  "drop-in-tmp": {
    spoil: ({ tmp }) => put(join(tmp, `taken.${NONCE}.cat.json`), "a drop"),
    left: ["tasks/cat.json"],
  },
  "stale-temporary": { spoil: async ({ tmp }) => age(await put(join(tmp, `${NONCE}.json`), "half")), left: [] },
  "half-output": {
    spoil: async (layout) => {
      await placeDone(layout, 10, { "a.jpg": {} });
      const tag = await spoolTagOf(system, layout);
      await put(join(rootOf(layout), `.spoold-${tag}-10-a1-0.tmp`), "half");
    },
    left: ["done/10.json"],
  },
  "output-gone": { spoil: (layout) => placeDone(layout, 10, { "a.jpg": {}, "b.jpg": "gone" }) },
  "output-changed": { spoil: (layout) => placeDone(layout, 10, { "a.jpg": { bytes: 7 } }) },
  "outputs-removed": { spoil: (layout) => placeDone(layout, 10, { "a.jpg": "gone", "b.jpg": "gone" }) },
  gap: { spoil: ({ run }) => rm(sequencePath(run, 9)).then(() => put(sequencePath(run, 12), "")) },
};

describe("a spool in which all is as it should be", () => {
  it("has nothing to be told of, with and without fix, and is left as it is", async () => {
    const layout = await spoolInOrder();
    const before = await filesByState(layout);
    expect(await check(layout)).toEqual([]);
    expect(await check(layout, { fix: true, deep: true })).toEqual([]);
    expect(await filesByState(layout)).toEqual(before);
    // Nobody is in the way of the next daemon.
    expect(await check(layout, { fix: true })).toEqual([]);
  });
});

describe("check", () => {
  it.each(Object.entries(WAYS))("finds %s, and nothing else", async (code, { spoil, left }) => {
    // root may read what nobody may.
    if (code === "wrong-owner" && process.geteuid?.() !== 0) expect(process.geteuid).toBeDefined();
    const layout = await spoolInOrder();
    const before = await filesByState(layout);
    await spoil(layout);
    const spoiled = await filesByState(layout).catch(() => []);
    const found = await check(layout);
    expect(new Set(codesOf(found))).toEqual(new Set([code]));
    expect(isInOrder(found)).toBe(FINDINGS[code as FindingCode].isNote);
    expect(await filesByState(layout).catch(() => [])).toEqual(spoiled);

    const fixed = await check(layout, { fix: true });
    expect(codesOf(fixed)).toEqual(codesOf(found));
    expect(fixed.map(({ isFixed }) => isFixed)).toEqual(found.map(() => left !== undefined));
    const after = await check(layout);
    if (left === undefined) expect(codesOf(after)).toEqual(codesOf(found));
    else {
      expect(after).toEqual([]);
      expect((await filesByState(layout)).filter((file) => !before.includes(file))).toEqual(left);
    }
  });

  it("goes on with the rest when it has made a directory that was missing", async () => {
    const layout = await spoolInOrder();
    await rm(layout.held, { recursive: true });
    expect(codesOf(await check(layout))).toEqual(["missing-directory"]);
    expect(codesOf(await check(layout, { fix: true }))).toEqual(["missing-directory", "gap"]);
  });

  it("needs a spool", async () => {
    const layout = await newSpool();
    await rm(layout.run, { recursive: true });
    await expect(check(layout, { fix: true })).rejects.toMatchObject({ code: "SPOOL_MISSING" });
  });
});
