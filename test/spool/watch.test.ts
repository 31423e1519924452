import { mkdir, rename, rm, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { SpoolEvent } from "../../src/index.ts";
import { finishDone, finishFailed } from "../../src/spool/finish.ts";
import type { Layout } from "../../src/spool/layout.ts";
import { watchSpool } from "../../src/spool/watch.ts";
import { realSystem } from "../../src/system.ts";
import { newSpool, put } from "../support/directories.ts";
import { ENDS, ending, eventsUntil, watchCounting, wordsOf } from "../support/watching.ts";
import { activeTask, reasonFor, receiptFor } from "./stages.ts";
import { TASK_BYTES } from "./task.ts";

const real = realSystem();

/** A spool with files in it, and a watch on it whose first look is over. */
async function watched(files: readonly string[] = [], options: { readonly deaf?: boolean } = {}) {
  const layout = await newSpool();
  // Numbers up to 8 have been given, and the last one tells of the first look.
  await rename(join(layout.run, "sequence.0"), join(layout.run, "sequence.8"));
  for (const file of [...files, "held/8.json"]) await put(join(layout.root, file), TASK_BYTES);
  const { system, open } = watchCounting(options.deaf);
  const events = ending(watchSpool(system, layout, { from: 8 }));
  const move = (from: string, to: string): Promise<void> => rename(join(layout.root, from), join(layout.root, to));
  /** The next event without its time. */
  const next = async (): Promise<Partial<SpoolEvent>> => {
    const { value } = await events.next();
    if (value === undefined) throw new Error("the watch has ended");
    expect(Date.parse(value.at)).not.toBeNaN();
    const { at: _at, ...event } = value;
    return event;
  };
  expect(await next()).toEqual({ kind: "held", number: 8 });
  return { layout, events, move, next, open };
}

async function end(layout: Layout, number: number, status: "done" | "fresh" | "cancelled" = "done"): Promise<void> {
  await finishDone(real, layout, await activeTask(layout, number), { ...receiptFor(number), status });
}

async function fail(layout: Layout, number: number, minute = 0): Promise<void> {
  const endedAt = new Date(minute * 60_000).toISOString();
  await finishFailed(real, layout, await activeTask(layout, number), { ...reasonFor(number), endedAt });
}

describe("a watch", () => {
  it("tells of each state that a task comes to, and of its end with the receipt", async () => {
    const { layout, move, next } = await watched();
    await put(join(layout.tasks, "7.p5.json"), TASK_BYTES);
    expect(await next()).toEqual({ kind: "waiting", number: 7 });
    await move("tasks/7.p5.json", "active/7.p5.a1.json");
    expect(await next()).toEqual({ kind: "started", number: 7, attempt: 1 });
    await move("active/7.p5.a1.json", "deferred/4102444800000.7.p5.a2.json");
    expect(await next()).toEqual({ kind: "deferred", number: 7, attempt: 2, dueAtMs: 4_102_444_800_000 });
    await move("deferred/4102444800000.7.p5.a2.json", "held/7.p5.json");
    expect(await next()).toEqual({ kind: "held", number: 7 });
    await move("held/7.p5.json", "tasks/7.p5.json");
    expect(await next()).toEqual({ kind: "released", number: 7 });
    await move("tasks/7.p5.json", "active/7.a1.json");
    expect(await next()).toEqual({ kind: "started", number: 7, attempt: 1 });
    await end(layout, 7);
    expect(await next()).toEqual({ kind: "done", number: 7, receipt: receiptFor(7) });
  });

  it("tells of ends that are no work done: fresh, cancelled, failed, gone and rejected", async () => {
    const { layout, events, next, move } = await watched(["tasks/3.json", "tasks/4.json", "tasks/5"]);
    await end(layout, 1, "fresh");
    expect((await eventsUntil(events, ({ kind }) => kind === "fresh")).at(-1)).toMatchObject({
      number: 1,
      receipt: { status: "fresh" },
    });
    await end(layout, 2, "cancelled");
    expect((await eventsUntil(events, ({ kind }) => kind === "cancelled")).at(-1)).toMatchObject({ number: 2 });
    await move("tasks/3.json", "active/3.a1.json");
    await fail(layout, 3);
    expect((await eventsUntil(events, ({ kind }) => kind === "failed")).at(-1)).toMatchObject({
      number: 3,
      at: new Date(0).toISOString(),
      reason: reasonFor(3),
    });
    await put(join(layout.rejected, "5.reason.json"), JSON.stringify({ ...reasonFor(5), number: undefined }));
    await move("tasks/5", "rejected/5");
    await put(join(layout.rejected, "cat.json.reason.json"), "half of it");
    await put(join(layout.rejected, "cat.json"), "{");
    expect((await eventsUntil(events, ({ kind }) => kind === "rejected")).at(-1)).toMatchObject({
      number: 5,
      name: "5",
      reason: { error: { code: "SOURCE_MISSING" } },
    });
    expect(await next()).toEqual({ kind: "rejected", number: null, name: "cat.json", reason: null });
    await unlink(join(layout.tasks, "4.json"));
    expect(await next()).toEqual({ kind: "gone", number: 4 });
  });

  it("tells again of a dead letter that was tried again, however short that was", async () => {
    const { layout, events, move, next } = await watched(["failed/1.json", "failed/2.json"]);
    await fail(layout, 9);
    await eventsUntil(events, ({ kind }) => kind === "failed");
    // Nobody asks for events meanwhile: what is told is what lies there in the end.
    for (const number of [1, 9]) {
      await move(`failed/${number}.json`, `tasks/${number}.json`);
      await move(`tasks/${number}.json`, `active/${number}.a1.json`);
      await fail(layout, number, 9);
    }
    const at = new Date(9 * 60_000).toISOString();
    const failures = await eventsUntil(
      events,
      (_event, all) => all.filter(({ kind }) => kind === "failed").length === 2,
    );
    expect(failures.filter(({ kind }) => kind === "failed")).toMatchObject([
      { number: 1, at },
      { number: 9, at },
    ]);
    await move("failed/2.json", "tasks/2.json");
    expect(await next()).toEqual({ kind: "waiting", number: 2 });
  });

  it("says nothing of what was there before, but of how it ends", async () => {
    const { layout, next } = await watched([
      "done/1.json",
      "failed/2.json",
      "active/3.a1.json",
      "rejected/x",
      "held/4.json",
    ]);
    await put(join(layout.tasks, "9.json"), TASK_BYTES);
    expect(await next()).toEqual({ kind: "waiting", number: 9 });
    await end(layout, 3);
    expect(await next()).toMatchObject({ kind: "done", number: 3 });
  });

  it("tells first of all tasks from a number on when it is asked to", async () => {
    const layout = await newSpool();
    await rename(join(layout.run, "sequence.0"), join(layout.run, "sequence.8"));
    const files = ["failed/2.json", "failed/3.json", "done/4.json", "active/5.a1.json", "deferred/9.6.a2.json"];
    for (const file of files) await put(join(layout.root, file), TASK_BYTES);
    const events = ending(watchSpool(real, layout, { from: 3 }));
    const first = await eventsUntil(events, (_event, all) => all.length === 4);
    expect(wordsOf(first).sort()).toEqual(["3 failed", "4 done", "5 started", "6 deferred"]);
    // Above all that was given when the watch began: nobody can have heard of it before.
    await put(join(layout.tasks, "9.json"), TASK_BYTES);
    expect((await events.next()).value).toMatchObject({ kind: "waiting", number: 9 });
  });

  it("ends with SPOOL_MISSING when the spool is gone, and not when a directory is made anew", async () => {
    const { layout, events, open } = await watched();
    await rm(layout.done, { recursive: true });
    await mkdir(layout.done);
    await end(layout, 1);
    expect((await eventsUntil(events, ({ kind }) => kind === "done")).at(-1)).toMatchObject({ number: 1 });
    await rm(layout.root, { recursive: true });
    await expect(events.next()).rejects.toMatchObject({ code: "SPOOL_MISSING" });
    expect(open()).toBe(0);
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });
});

describe("the end of a watch", () => {
  it("comes when the signal aborts: before the first event, while one waits for an event, and without anybody asking", async () => {
    const layout = await newSpool();
    const { system, open } = watchCounting();
    expect(await watchSpool(system, layout, { signal: AbortSignal.abort() }).next()).toEqual({
      done: true,
      value: undefined,
    });
    const controller = new AbortController();
    const events = watchSpool(system, layout, { signal: controller.signal });
    const silent = watchSpool(system, layout, { signal: controller.signal });
    const pending = events.next();
    expect(open()).toBe(14);
    controller.abort();
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(await silent.next()).toEqual({ done: true, value: undefined });
    expect(open()).toBe(0);
  });

  it("comes by return, also while somebody waits for an event, and by leaving the loop", async () => {
    const { layout, events, open } = await watched();
    const pending = events.next();
    expect(await events.return()).toEqual({ done: true, value: undefined });
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(open()).toBe(0);
    await put(join(layout.tasks, "1.json"), TASK_BYTES);
    const { system, open: openInLoop } = watchCounting();
    for await (const event of watchSpool(system, layout, { from: 1 })) {
      expect(event).toMatchObject({ kind: "waiting", number: 1 });
      expect(openInLoop()).toBe(7);
      break;
    }
    expect(openInLoop()).toBe(0);
  });
});

describe("a watch that is told of no change", () => {
  it("misses no end, and tells none twice", async () => {
    const { layout, events, move } = await watched(["tasks/1.json", "tasks/2.json", "held/3.json"], { deaf: true });
    const telling = eventsUntil(events, (_event, all) => all.filter(({ kind }) => ENDS.includes(kind)).length === 4);
    await move("tasks/1.json", "active/1.a1.json");
    await end(layout, 1);
    await move("tasks/2.json", "active/2.a1.json");
    await fail(layout, 2);
    await unlink(join(layout.held, "3.json"));
    await end(layout, 9);
    const told = wordsOf((await telling).filter(({ kind }) => ENDS.includes(kind)));
    expect(told.sort()).toEqual(["1 done", "2 failed", "3 gone", "9 done"]);
  });
});

describe("a watch whose events nobody takes", () => {
  it("keeps to the last state of each task, and tells every end once", async () => {
    const { layout, events } = await watched(["tasks/1.json"]);
    await end(layout, 1);
    await eventsUntil(events, ({ kind }) => kind === "done");
    // More than are kept by name.
    const count = 1_100;
    for (let number = 2; number < 2 + count; number++) {
      await writeFile(join(layout.active, `${number}.a1.json`), TASK_BYTES);
      await writeFile(join(layout.done, `${number}.json`), JSON.stringify(receiptFor(number)));
      await unlink(join(layout.active, `${number}.a1.json`));
    }
    const told = await eventsUntil(events, ({ number }) => number === 1 + count);
    // One more than what came to pass, to see that nothing is told twice.
    await end(layout, 5_000);
    told.push(...(await eventsUntil(events, ({ number, kind }) => number === 5_000 && kind === "done")));
    const ends = told.flatMap(({ number, kind }) => (kind === "done" && number !== null ? [number] : []));
    expect(ends.sort((a, b) => a - b)).toEqual([...Array.from({ length: count }, (_, index) => 2 + index), 5_000]);
    expect(told.length).toBeLessThan(2 * count);
  });
});
