import { mkdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { countStates, nextDueAtMs, oldestWaitingMs } from "../../src/spool/counts.ts";
import { realSystem } from "../../src/system.ts";
import { newSpool, put } from "../support/directories.ts";

const real = realSystem();

describe("the counts", () => {
  it("are zero in a new spool, where nothing waits", async () => {
    const layout = await newSpool();
    const none = { tasks: 0, active: 0, deferred: 0, held: 0, failed: 0, rejected: 0, done: 0 };
    expect(await countStates(real, layout)).toEqual(none);
    expect(await oldestWaitingMs(real, layout)).toBeNull();
  });

  it("count tasks in each state, drops that wait, and neither reasons nor what is foreign", async () => {
    const layout = await newSpool();
    const files = [
      "tasks/1.json",
      "tasks/cat.json",
      "tasks/2.reason.json",
      "tasks/notes.txt",
      "tasks/.x",
      "active/3.a1.json",
    ];
    files.push("deferred/9.4.a2.json", "held/5.json", "failed/6.json", "failed/6.reason.json", "failed/x.json");
    files.push(
      "rejected/cat",
      "rejected/cat.reason.json",
      "rejected/7.json",
      "rejected/7.json.reason.json",
      "done/8.json",
    );
    await Promise.all(files.map((file) => put(join(layout.root, file), "")));
    await mkdir(join(layout.tasks, "99.json"));
    const counts = { tasks: 2, active: 1, deferred: 1, held: 1, failed: 1, rejected: 2, done: 1 };
    expect(await countStates(real, layout)).toEqual(counts);
  });

  it("tell for how long the task that starts next has waited, never less than nothing", async () => {
    const layout = await newSpool();
    await utimes(await put(join(layout.tasks, "5.json")), 100, 100);
    await put(join(layout.tasks, "6.json"));
    expect(await oldestWaitingMs({ ...real, nowMs: () => 103_500 }, layout)).toBe(3_500);
    expect(await oldestWaitingMs({ ...real, nowMs: () => 0 }, layout)).toBe(0);
  });

  it("tell when the next deferred task is due, now when it is due at once", async () => {
    const layout = await newSpool();
    const system = { ...real, nowMs: () => 5_000 };
    expect(await nextDueAtMs(system, layout)).toBeNull();
    for (const file of ["9000.4.a2.json", "7000.5.a1.json", "notes"]) await put(join(layout.deferred, file));
    expect(await nextDueAtMs(system, layout)).toBe(7_000);
    await put(join(layout.deferred, "0.6.a1.json"));
    expect(await nextDueAtMs(system, layout)).toBe(5_000);
  });
});
