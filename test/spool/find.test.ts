import { rename } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { findTask, isNumberUsed } from "../../src/spool/find.ts";
import { realSystem } from "../../src/system.ts";
import { newSpool, put } from "../support/directories.ts";
import { record } from "../support/recorder.ts";

const real = realSystem();
const PLACES = ["tasks/7.json", "tasks/7.p3.json", "tasks/007", "active/7.a1.json", "deferred/99.7.a2.json"];
const ALL_PLACES = [...PLACES, "held/7.json", "failed/7.json", "failed/7.p3.json", "done/7.json"];

describe("finding a task by its number", () => {
  it("finds it in every state and under every form of its name", async () => {
    for (const place of ALL_PLACES) {
      const layout = await newSpool();
      const path = await put(join(layout.root, place));
      const found = await findTask(real, layout, 7);
      expect(found, place).toMatchObject({ state: place.split("/")[0], path, entry: { number: 7 } });
    }
  });

  it("finds nothing where only its reason, another number or a temporary lies", async () => {
    const layout = await newSpool();
    for (const name of ["failed/7.reason.json", "tasks/70.json", "tasks/.7.json", "rejected/7.json", "tmp/7.json"]) {
      await put(join(layout.root, name));
    }
    expect(await findTask(real, layout, 7)).toBeUndefined();
    expect(await isNumberUsed(real, layout, 7)).toBe(false);
  });

  it("does not lose a task that moves on while the states are looked through", async () => {
    const ways = [
      ["tasks/7.p3.json", "active/7.p3.a1.json"],
      ["tasks/7.p3.json", "deferred/99.7.p3.a2.json"],
      ["deferred/99.7.a2.json", "active/7.a2.json"],
      ["active/7.a1.json", "deferred/99.7.a2.json"],
      ["active/7.a1.json", "failed/7.json"],
      ["active/7.a1.json", "done/7.json"],
      ["held/7.json", "active/7.a1.json"],
      ["active/7.a1.json", "held/7.json"],
      ["held/7.json", "tasks/7.json"],
    ] as const;
    for (const [from, to] of ways) {
      const layout = await newSpool();
      const path = await put(join(layout.root, from));
      let moved = false;
      // Gone from the one state just before it is looked at there.
      const { system } = record(layout.root, async (text) => {
        if (moved || !text.endsWith(` ${from.split("/")[0]}`)) return;
        moved = true;
        await rename(path, join(layout.root, to));
      });
      expect((await findTask(system, layout, 7))?.path.endsWith(basename(to)) ?? "lost", `${from} to ${to}`).toBe(true);
    }
  });
});

describe("whether a number is used", () => {
  it("is told without listing tasks/, which may be large", async () => {
    for (const place of ALL_PLACES.filter((each) => !/^tasks\/.*(p3|007)/.test(each))) {
      const layout = await newSpool();
      await put(join(layout.root, place));
      const recorder = record(layout.root);
      expect(await isNumberUsed(recorder.system, layout, 7), place).toBe(true);
      expect(recorder.calls()).not.toContain("opendir tasks");
    }
  });
});
