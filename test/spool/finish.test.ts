import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readAttempts, recordAttempt } from "../../src/spool/attempts.ts";
import { defer, dropActive, finishDone, finishFailed } from "../../src/spool/finish.ts";
import { realSystem } from "../../src/system.ts";
import { filesByState, names, newSpool, put, readJson } from "../support/directories.ts";
import { failing, record } from "../support/recorder.ts";
import { activeTask, crashOf, reasonFor, receiptFor } from "./stages.ts";
import { TASK_BYTES } from "./task.ts";

const real = realSystem();

describe("a task that is done", () => {
  it("leaves its receipt, and nothing else of it anywhere", async () => {
    const layout = await newSpool();
    const active = await activeTask(layout, 7, 2);
    await recordAttempt(real, layout, 7, crashOf(1));
    await put(join(layout.failed, "7.reason.json"), "of an earlier life");
    await finishDone(real, layout, active, receiptFor(7));
    expect(await filesByState(layout)).toEqual(["done/7.json"]);
    expect(await readJson(join(layout.done, "7.json"))).toEqual(receiptFor(7));
    expect([await names(layout.tmp), await names(layout.attempts)]).toEqual([[], []]);
  });

  it("keeps a receipt that is there already", async () => {
    const layout = await newSpool();
    await finishDone(real, layout, await activeTask(layout, 7), receiptFor(7, "first"));
    await finishDone(real, layout, await activeTask(layout, 7), receiptFor(7, "second"));
    expect(await readJson(join(layout.done, "7.json"))).toMatchObject({ summary: "first" });
    expect(await filesByState(layout)).toEqual(["done/7.json"]);
  });

  it("stays in active/ when its receipt cannot be made durable", async () => {
    for (const step of ["create tmp/#1.json", "fsync tmp/#1.json", "link tmp/#1.json done/7.json", "fsync done"]) {
      const layout = await newSpool();
      const { system } = record(
        layout.root,
        failing("ENOSPC", (text) => text === step),
      );
      const active = await activeTask(layout, 7);
      await expect(finishDone(system, layout, active, receiptFor(7)), step).rejects.toMatchObject({ code: "ENOSPC" });
      expect(await names(layout.active), step).toEqual(["7.a1.json"]);
    }
  });

  it("keeps its file until nothing else is left of it, so that a start after a crash comes back to the rest", async () => {
    const layout = await newSpool();
    const active = await activeTask(layout, 7, 2);
    await recordAttempt(real, layout, 7, crashOf(1));
    await put(join(layout.failed, "7.reason.json"), "of an earlier life");
    const recorder = record(layout.root);
    await finishDone(recorder.system, layout, active, receiptFor(7));
    expect(recorder.lines().at(-1)).toBe("unlink active/7.a2.json");
  });

  it("may have gone from active/ already", async () => {
    const layout = await newSpool();
    const active = { number: 7, priority: 0, attempt: 1, dueAtMs: 0, path: join(layout.active, "7.a1.json") };
    await dropActive(real, layout, active);
    expect(await filesByState(layout)).toEqual([]);
  });
});

describe("a task that has failed", () => {
  it("lies in failed/ byte for byte, with the newest reason beside it", async () => {
    const layout = await newSpool();
    await recordAttempt(real, layout, 7, crashOf(1));
    await put(join(layout.failed, "7.reason.json"), "of an earlier life");
    await finishFailed(real, layout, { ...(await activeTask(layout, 7, 2)), priority: 4 }, reasonFor(7));
    expect(await filesByState(layout)).toEqual(["failed/7.p4.json", "failed/7.reason.json"]);
    expect(await readFile(join(layout.failed, "7.p4.json"))).toEqual(TASK_BYTES);
    expect(await readJson(join(layout.failed, "7.reason.json"))).toEqual(reasonFor(7));
    expect([await names(layout.tmp), await names(layout.attempts)]).toEqual([[], []]);
  });

  it("stays in active/ when its reason cannot be made durable", async () => {
    for (const step of ["fsync tmp/#1.json", "rename tmp/#1.json failed/7.reason.json", "fsync failed"]) {
      const layout = await newSpool();
      const { system } = record(
        layout.root,
        failing("ENOSPC", (text) => text === step),
      );
      const active = await activeTask(layout, 7);
      await expect(finishFailed(system, layout, active, reasonFor(7)), step).rejects.toMatchObject({ code: "ENOSPC" });
      expect(await names(layout.active), step).toEqual(["7.a1.json"]);
    }
  });
});

describe("a task that is deferred", () => {
  it("says attempt and due time, in whole ms, in its name, and its attempt is remembered", async () => {
    const layout = await newSpool();
    const active = await activeTask(layout, 7);
    await defer(real, layout, active, { attempt: 2, dueAtMs: 1_000.7, record: crashOf(1) });
    expect(await filesByState(layout)).toEqual(["deferred/1000.7.a2.json"]);
    expect(await readAttempts(real, layout, 7)).toEqual([crashOf(1)]);
  });

  it("needs no free block when nothing is to be remembered", async () => {
    const layout = await newSpool();
    const full = failing("ENOSPC", (text) => /^(create|write|link|mkdir) /.test(text));
    const { system } = record(layout.root, full);
    const active = await activeTask(layout, 7);
    await defer(system, layout, active, { attempt: 1, dueAtMs: 5, record: null });
    expect(await filesByState(layout)).toEqual(["deferred/5.7.a1.json"]);
  });
});
