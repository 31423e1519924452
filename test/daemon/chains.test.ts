import { rename } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openBacklog } from "../../src/daemon/backlog.ts";
import { openChains } from "../../src/daemon/chains.ts";
import { realSystem } from "../../src/system.ts";
import { receiptFor } from "../spool/stages.ts";
import { contextOn, making, spoolWith } from "../support/daemon-parts.ts";
import { put } from "../support/directories.ts";
import { record } from "../support/recorder.ts";

describe("what is known of the tasks that a task waits for", () => {
  it("is looked up anew when one of them has ended while it was being looked up", async () => {
    const layout = await spoolWith({
      "active/1.a1.json": making("a.png", "a.jpg"),
      "tasks/2.json": making("b.png", "b.jpg"),
    });
    let ended = async (): Promise<void> => undefined;
    // The last step of a look-up that began before the end.
    const { system } = record(layout.root, async (text) => {
      if (text === "opendir active") await ended();
    });
    const chains = openChains(system, layout);
    ended = async () => {
      ended = async () => undefined;
      await put(join(layout.done, "1.json"), JSON.stringify(receiptFor(1)));
      chains.refresh();
    };
    await chains.readinessOf(2, { after: [1] });
    expect(await chains.readinessOf(2, { after: [1] })).toBe("ready");
  });

  it("is not what somebody took for granted a moment ago", async () => {
    const layout = await spoolWith({ "tasks/2.json": making("b.png", "b.jpg") });
    await put(join(layout.done, "1.json"), JSON.stringify(receiptFor(1)));
    const chains = openChains(realSystem(), layout);
    expect(await chains.readinessOf(2, { after: [1] }, (number) => number === 1)).toEqual([1]);
    expect(await chains.readinessOf(2, { after: [1] }, () => false)).toBe("ready");
  });

  it("is looked up once for all that wait for the same, until one ends", async () => {
    const layout = await spoolWith({ "held/1.json": making("a.png", "a.jpg", { batch: "cats" }) });
    const { system, calls } = record(layout.root, undefined, realSystem());
    const chains = openChains(system, layout);
    await chains.readinessOf(2, { after: [1], afterBatch: "cats" });
    const first = calls().length;
    for (let number = 3; number < 100; number++) await chains.readinessOf(number, { after: [1], afterBatch: "cats" });
    expect(calls().length).toBe(first);
  });
});

describe("a task that waits for others which wait in sight", () => {
  it("costs no look at the spool when another task has ended", async () => {
    const layout = await spoolWith({
      [`deferred/${Date.now() + 600_000}.1.a2.json`]: making("a.png", "a.jpg"),
      ...Object.fromEntries(
        Array.from({ length: 50 }, (_, index) => [
          `tasks/${index + 2}.json`,
          making("b.png", "b.jpg", { after: [index + 1] }),
        ]),
      ),
    });
    const { system, calls } = record(layout.root, undefined, realSystem());
    const backlog = openBacklog(await contextOn(layout, { system }));
    await backlog.look();
    await backlog.look();
    expect(await backlog.next([])).toBeUndefined();
    const asked = calls().length;
    backlog.ended();
    expect(await backlog.next([])).toBeUndefined();
    expect(backlog.chained()).toBe(50);
    expect(calls().slice(asked)).toEqual([]);
  });
});

describe("a task that waited for a batch and has begun", () => {
  it("does not wait for it again when a person retries one of its tasks, so that neither waits for the other", async () => {
    const layout = await spoolWith({
      "tasks/1.json": making("a.png", "a.jpg", { batch: "cats" }),
      "deferred/0.2.a2.json": making("sheet.png", "a.png", { afterBatch: "cats" }),
    });
    await put(join(layout.run, "batches", "cats", "1"), "");
    const backlog = openBacklog(await contextOn(layout));
    await backlog.look();
    await backlog.look();
    expect((await backlog.next([]))?.entry.number).toBe(2);
  });
});

describe("a task that was refused, and given back when its daemon died", () => {
  it("is refused again: it has not been tried, and what it waits for has failed", async () => {
    const layout = await spoolWith({
      "failed/1.json": making("a.png", "a.jpg"),
      "deferred/0.2.a1.json": making("b.png", "b.jpg", { after: [1] }),
      "deferred/0.3.a2.json": making("c.png", "c.jpg", { after: [1] }),
    });
    const backlog = openBacklog(await contextOn(layout));
    await backlog.look();
    await backlog.look();
    expect(await backlog.next([])).toMatchObject({ entry: { number: 2 }, refused: { code: "AFTER_FAILED" } });
    // A person may have retried this one, or lost the other: it has been tried before, and goes on.
    expect(await backlog.next([])).not.toHaveProperty("refused");
  });
});

describe("a task that waits for one that has begun", () => {
  it("keeps its place while that one is due as well", async () => {
    const layout = await spoolWith({
      "deferred/0.1.a2.json": making("a.png", "a.jpg"),
      "tasks/2.p5.json": making("b.png", "b.jpg", { after: [1], priority: 5 }),
      "tasks/3.p3.json": making("c.png", "b.png", { priority: 3 }),
    });
    const backlog = openBacklog(await contextOn(layout));
    await backlog.look();
    await backlog.look();
    expect((await backlog.next([]))?.entry.number).toBe(1);
  });

  it("counts as waiting for nobody once that one has ended, until it was asked for again", async () => {
    const layout = await spoolWith({
      "active/1.a1.json": making("a.png", "a.jpg"),
      "tasks/2.json": making("b.png", "b.jpg", { after: [1] }),
    });
    const backlog = openBacklog(await contextOn(layout));
    await backlog.look();
    await backlog.look();
    expect(await backlog.next([])).toBeUndefined();
    expect([backlog.waiting(), backlog.chained()]).toEqual([1, 1]);
    await put(join(layout.done, "1.json"), JSON.stringify(receiptFor(1)));
    await rename(join(layout.active, "1.a1.json"), join(layout.tmp, "x"));
    backlog.ended();
    expect([backlog.waiting(), backlog.chained()]).toEqual([1, 0]);
    expect((await backlog.next([]))?.entry.number).toBe(2);
  });
});
