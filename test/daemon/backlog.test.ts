import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openBacklog } from "../../src/daemon/backlog.ts";
import { realSystem, type System } from "../../src/system.ts";
import { encodeTask } from "../../src/task/key.ts";
import type { Task } from "../../src/task/task.ts";
import { contextOn, making, spoolWith } from "../support/daemon-parts.ts";
import { put } from "../support/directories.ts";
import { record } from "../support/recorder.ts";

/** How many entries a look keeps here. */
const KEPT = 10;

function many(count: number, nameOf: (number: number) => string, task: Task): Record<string, Task> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [nameOf(index + 1), task]));
}

/** A backlog after the looks that a loop would make by now. */
async function backlogOf(tasks: Readonly<Record<string, Task>>, kept?: number) {
  const context = await contextOn(await spoolWith(tasks));
  const backlog = openBacklog(context, kept);
  await backlog.look();
  await backlog.look();
  const next = async (): Promise<number | undefined> => (await backlog.next([]))?.entry.number;
  return { backlog, next };
}

describe("more tasks than a look keeps", () => {
  it("that have begun and are due let no later task overtake those that were not kept", async () => {
    const { next } = await backlogOf(
      {
        ...many(2 * KEPT, (number) => `deferred/0.${number}.a2.json`, making("a.png", "a.jpg")),
        [`deferred/0.${2 * KEPT}.a2.json`]: making("last.png", "old.jpg"),
        "tasks/90.p9.json": making("last.png", "new.jpg", { priority: 9 }),
      },
      KEPT,
    );
    expect(await next()).toBe(1);
  });

  it("that wait for another keep nobody from what lies behind them, nor a daemon from its end", async () => {
    const { backlog, next } = await backlogOf(
      {
        "held/1.json": making("a.png", "a.jpg"),
        "tasks/90.json": making("b.png", "b.jpg"),
        ...many(5 * KEPT, (number) => `tasks/${1 + number}.json`, making("c.png", "c.jpg", { after: [1] })),
      },
      KEPT,
    );
    let found: number | undefined;
    for (let looks = 0; looks < 5 && found === undefined; looks++) {
      found = await next();
      if (found === undefined) expect(backlog.hasRunDry()).toBe(true);
      if (found === undefined) await backlog.look();
    }
    expect(found).toBe(90);
    expect(await next()).toBeUndefined();
    expect([backlog.waiting(), backlog.chained(), backlog.hasRunDry()]).toEqual([5 * KEPT, 5 * KEPT, false]);
  });
});

describe("a task that has gone to deferred/ since the last look", () => {
  it("brings a look there when it is due, and no sooner", async () => {
    const { backlog } = await backlogOf({ "tasks/1.json": making("a.png", "a.jpg") });
    expect(backlog.nextDueMs()).toBe(Number.POSITIVE_INFINITY);
    backlog.deferred(Date.now() + 60_000);
    expect(backlog.nextDueMs()).toBeGreaterThan(50_000);
    expect(backlog.nextDueMs()).toBeLessThanOrEqual(60_000);
    expect(backlog.retrying()).toBe(1);
  });

  it.each(["look", "lookAtDeferred"] as const)("is not forgotten by a look that was under way: %s", async (kind) => {
    const context = await contextOn(await spoolWith({}));
    const backlog = openBacklog(context);
    const look = backlog[kind]();
    backlog.deferred(Date.now() + 60_000);
    await look;
    expect(backlog.nextDueMs()).toBeLessThanOrEqual(60_000);
  });

  it("takes its turn among those that wait, with no look at these", async () => {
    const layout = await spoolWith({
      "tasks/1.json": making("a.png", "a.jpg"),
      "tasks/3.json": making("c.png", "c.jpg"),
    });
    const { system, calls } = record(layout.root, undefined, realSystem());
    const backlog = openBacklog(await contextOn(layout, { system }));
    await backlog.look();
    await backlog.look();
    await put(join(layout.deferred, "0.2.a2.json"), encodeTask(making("b.png", "b.jpg")));
    const asked = calls().length;
    await backlog.lookAtDeferred();
    expect(
      calls()
        .slice(asked)
        .filter((call) => call.includes("tasks")),
    ).toEqual([]);
    const next = async (): Promise<number | undefined> => (await backlog.next([]))?.entry.number;
    expect([await next(), await next(), await next(), await next()]).toEqual([1, 2, 3, undefined]);
  });
});

describe("many tasks that a task is in the way of which has begun", () => {
  it("do not keep it from going on, however many there are before it", async () => {
    const { next } = await backlogOf({
      "deferred/0.200.a2.json": making("x.png", "old.jpg"),
      ...many(70, (number) => `tasks/${number}.p9.json`, making("x.png", "new.jpg", { priority: 9 })),
    });
    expect(await next()).toBe(200);
  });
});

describe("a drop that a look takes in", () => {
  it("asks for another look at once, for no bell may tell of it", async () => {
    const layout = await spoolWith({});
    const backlog = openBacklog(await contextOn(layout));
    await put(join(layout.tasks, "drop.json"), Buffer.from(JSON.stringify(making("x.png", "new.jpg"))));
    await backlog.look();
    while ((await readdir(layout.tasks)).includes("drop.json")) await backlog.look();
    expect([backlog.waiting(), backlog.nextLookMs()]).toEqual([1, 0]);
    await backlog.look();
    expect((await backlog.next([]))?.entry.number).toBe(1);
    expect([backlog.waiting(), backlog.nextLookMs()]).toEqual([0, Number.POSITIVE_INFINITY]);
  });
});

describe("a look at a directory into which others put tasks meanwhile", () => {
  it("starts none that was put there after one before it that the look has missed", async () => {
    const layout = await spoolWith({});
    const real = realSystem();
    let isFirst = true;
    // POSIX leaves open whether a listing shows what came after it began: here the second one, and not the first.
    const opendir = async (path: string): Promise<unknown> => {
      if (path !== layout.tasks || !isFirst) return real.fs.opendir(path);
      isFirst = false;
      await put(join(layout.tasks, "1.json"), encodeTask(making("x.png", "old.jpg")));
      await put(join(layout.tasks, "2.json"), encodeTask(making("x.png", "new.jpg")));
      return (await readdir(path, { withFileTypes: true })).filter(({ name }) => name !== "1.json");
    };
    const fs = { ...real.fs, opendir } as unknown as System["fs"];
    const backlog = openBacklog(await contextOn(layout, { system: { ...real, fs } }));
    await backlog.look();
    expect(await backlog.next([])).toBeUndefined();
    expect([backlog.waiting(), backlog.nextLookMs()]).toEqual([1, 0]);
    await backlog.look();
    expect((await backlog.next([]))?.entry.number).toBe(1);
  });
});
