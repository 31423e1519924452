import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readEnding, receiptOf, waitForEnding } from "../../src/spool/endings.ts";
import { finishDone, finishFailed } from "../../src/spool/finish.ts";
import { realSystem, type System } from "../../src/system.ts";
import { names, newSpool, put, startCompanion, until } from "../support/directories.ts";
import { record } from "../support/recorder.ts";
import { activeTask, reasonFor, receiptFor } from "./stages.ts";
import { TASK_BYTES } from "./task.ts";

const real = realSystem();
const PRODUCER = new URL("./producer-process.ts", import.meta.url);

/** A spool with task 7 under way, and a System that has the directory watches in its hand. */
async function waitedFor(file = "tasks/7.json") {
  const layout = await newSpool();
  await put(join(layout.root, file), TASK_BYTES);
  const watches = new Set<(name: string | null) => void>();
  const { system, calls } = record(layout.root, undefined, {
    ...real,
    watchDirectory: (_directory, changed) => {
      watches.add(changed);
      return () => void watches.delete(changed);
    },
  });
  const looked = (): Promise<void> => until(() => calls().includes("lstat tasks/7.json"));
  return { layout, watches, system: system as System, looked };
}

describe("waiting for the end of a task", () => {
  it("gives the receipt when it is done already", async () => {
    const { layout } = await waitedFor();
    await finishDone(real, layout, await activeTask(layout, 7), receiptFor(7));
    const ending = await waitForEnding(real, layout, 7);
    expect(receiptOf(7, ending)).toEqual(receiptFor(7));
  });

  it("rings when the receipt comes, and leaves no watch behind", async () => {
    const { layout, watches, system, looked } = await waitedFor();
    const ending = waitForEnding(system, layout, 7);
    await looked();
    const active = await activeTask(layout, 7);
    await rm(join(layout.tasks, "7.json"));
    await finishDone(real, layout, active, receiptFor(7));
    for (const ring of watches) ring("7.json");
    expect((await ending).kind).toBe("done");
    expect(watches.size).toBe(0);
  });

  it("sees the end even when every event is lost", async () => {
    const { layout, system, looked } = await waitedFor();
    const ending = waitForEnding(system, layout, 7);
    await looked();
    await finishDone(real, layout, await activeTask(layout, 7), receiptFor(7));
    expect((await ending).kind).toBe("done");
  });

  it("works across processes", async () => {
    const { layout } = await waitedFor();
    const waiter = startCompanion(PRODUCER, [layout.root, "wait", "7"]);
    const active = await activeTask(layout, 7);
    await rm(join(layout.tasks, "7.json"));
    await finishDone(real, layout, active, receiptFor(7, "told to another process"));
    expect(await waiter.next()).toEqual({ summary: "told to another process" });
    expect(await waiter.ended).toBe(0);
  });

  it("ends with TASK_FAILED and the cause when the task has failed", async () => {
    const { layout } = await waitedFor();
    await finishFailed(real, layout, await activeTask(layout, 7), reasonFor(7));
    const ending = await waitForEnding(real, layout, 7);
    expect(() => receiptOf(7, ending)).toThrow(
      expect.objectContaining({
        code: "TASK_FAILED",
        facts: { number: 7, because: "SOURCE_MISSING" },
        cause: expect.objectContaining({ code: "SOURCE_MISSING", facts: { path: "/in.jpg" } }),
      }),
    );
  });

  it("ends with the signal's reason when it aborts, before and while it waits", async () => {
    const { layout, watches, system, looked } = await waitedFor();
    const reason = new Error("enough");
    await expect(waitForEnding(system, layout, 7, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const ending = waitForEnding(system, layout, 7, controller.signal);
    await looked();
    controller.abort(reason);
    await expect(ending).rejects.toBe(reason);
    expect(watches.size).toBe(0);
  });

  it("ends with TASK_NOT_FOUND when no state holds the number", async () => {
    const { layout, watches, system, looked } = await waitedFor();
    await expect(waitForEnding(real, layout, 8)).rejects.toMatchObject({ code: "TASK_NOT_FOUND" });
    const ending = waitForEnding(system, layout, 7);
    await looked();
    await rm(join(layout.tasks, "7.json"));
    for (const ring of watches) ring(null);
    await expect(ending).rejects.toMatchObject({ code: "TASK_NOT_FOUND", facts: { number: 7 } });
  });

  it("goes on while the task lies in any state that is no end", async () => {
    for (const file of ["tasks/7.p3.json", "active/7.a1.json", "deferred/99.7.a2.json", "held/7.json"]) {
      const { layout, system, looked } = await waitedFor(file);
      const controller = new AbortController();
      const ending = waitForEnding(system, layout, 7, controller.signal);
      await looked();
      controller.abort("still waiting");
      await expect(ending, file).rejects.toBe("still waiting");
    }
  });
});

describe("a stale reason", () => {
  it("beside a task that was moved back says nothing", async () => {
    const { layout } = await waitedFor("failed/7.json");
    await put(join(layout.failed, "7.reason.json"), JSON.stringify(reasonFor(7)));
    expect((await readEnding(real, layout, 7))?.kind).toBe("failed");
    await rename(join(layout.failed, "7.json"), join(layout.tasks, "7.json"));
    expect(await readEnding(real, layout, 7)).toBeUndefined();
    expect(await names(layout.failed)).toEqual(["7.reason.json"]);
  });

  it("loses against a receipt", async () => {
    const { layout } = await waitedFor("failed/7.json");
    await put(join(layout.failed, "7.reason.json"), JSON.stringify(reasonFor(7)));
    await put(join(layout.done, "7.json"), JSON.stringify(receiptFor(7)));
    expect((await readEnding(real, layout, 7))?.kind).toBe("done");
  });
});
