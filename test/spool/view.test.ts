import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { State } from "../../src/index.ts";
import { viewSpool } from "../../src/spool/view.ts";
import { realSystem } from "../../src/system.ts";
import { newSpool, put } from "../support/directories.ts";
import { DROP } from "./task.ts";

describe("what a program sees of a spool", () => {
  it("is how many tasks lie in each state, and which", async () => {
    const layout = await newSpool();
    const view = viewSpool(realSystem(), layout);
    for (const file of ["tasks/2.json", "tasks/10.json", "held/3.json"]) await put(join(layout.root, file), DROP);
    const counts = { tasks: 2, active: 0, deferred: 0, held: 1, failed: 0, rejected: 0, done: 0 };
    expect(await view.counts()).toEqual(counts);
    const who = { status: null, supplicant: null, summary: null };
    const row = { state: "tasks", priority: 0, attempt: 1, dueAt: null, ...who };
    const first = { ...row, number: 2, file: "2.json", ageMs: expect.any(Number) };
    expect(await view.list("tasks")).toEqual([first, { ...first, number: 10, file: "10.json" }]);
    expect(await view.list("tasks", { limit: 1 })).toEqual([first]);
    expect(await view.list("failed")).toEqual([]);
  });

  it("names the states when there is none of that name, and the spool when it is gone", async () => {
    const layout = await newSpool();
    const view = viewSpool(realSystem(), layout);
    await expect(view.list("waiting" as State)).rejects.toMatchObject({ code: "USAGE", facts: { state: "waiting" } });
    await rm(layout.root, { recursive: true });
    const missing = { code: "SPOOL_MISSING", facts: { directory: layout.root } };
    await expect(view.counts()).rejects.toMatchObject(missing);
    await expect(view.list("done")).rejects.toMatchObject(missing);
  });
});
