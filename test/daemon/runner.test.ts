import { describe, expect, it } from "vitest";
import { settle } from "../../src/daemon/attempt.ts";
import { openBacklog } from "../../src/daemon/backlog.ts";
import { createBreaker } from "../../src/daemon/breaker.ts";
import type { DaemonContext } from "../../src/daemon/context.ts";
import { createPause } from "../../src/daemon/pause.ts";
import type { Pool, Work } from "../../src/daemon/pool.ts";
import { openRunner } from "../../src/daemon/runner.ts";
import type { WorkEnd } from "../../src/daemon/worker-process.ts";
import { SpooldError } from "../../src/errors.ts";
import type { Task } from "../../src/task/task.ts";
import { activeTask } from "../spool/stages.ts";
import { contextOn, making, SILENT_LOG, spoolWith } from "../support/daemon-parts.ts";
import { filesByState, newSpool, until } from "../support/directories.ts";
import { errno, record } from "../support/recorder.ts";

const MISSING = new SpooldError("SOURCE_MISSING", { path: "none.jpg" }).toJSON();

/** A runner whose workers do what a test says, and a backlog beside it. */
function runnerOn(context: DaemonContext, work: (work: Work) => Promise<WorkEnd>) {
  const pool = { run: work, giveBack() {}, abandon() {} } as unknown as Pool;
  const pause = createPause(context.system.monotonicMs, SILENT_LOG);
  const marks = { mark: async () => undefined, close: async () => undefined };
  const told = { ended: [] as unknown[] };
  const runner = openRunner(
    context,
    { pool, pause, breaker: createBreaker(context.settings.maxAlike), marks },
    { ended: (conclusion) => told.ended.push(conclusion), concluded() {}, fatal: (error) => Promise.reject(error) },
  );
  const backlog = openBacklog(context);
  /** Looks, and starts the next task as the loop does. */
  const startNext = async (): Promise<number | undefined> => {
    await backlog.look();
    await backlog.look();
    const candidate = await backlog.next(runner.held());
    if (candidate !== undefined) await runner.start(candidate);
    return candidate?.entry.number;
  };
  return { runner, pause, told, startNext, backlog };
}

describe("a task whose end could not be written down", () => {
  it("holds its files still when it is moved to deferred/ later, until that was looked at", async () => {
    const layout = await spoolWith({
      "tasks/1.json": making("x.png", "old.jpg"),
      "tasks/2.json": making("x.png", "new.jpg"),
    });
    let isBroken = false;
    const { system } = record(layout.root, (text) => {
      if (isBroken && text.startsWith("rename active/1.a1.json")) throw errno("EROFS");
    });
    const { runner, told, startNext, backlog } = runnerOn(await contextOn(layout, { system }), async () => {
      isBroken = true;
      return { kind: "timedOut", timeoutMs: 1 };
    });
    expect(await startNext()).toBe(1);
    await until(() => runner.stranded() === 1);
    isBroken = false;
    await runner.retryStranded();
    expect(await filesByState(layout)).toEqual(["deferred/0.1.a1.json", "tasks/2.json"]);
    // The loop is told to look, and lets nothing overtake it before.
    expect(told.ended.at(-1)).toMatchObject({ move: "deferred", dueAtMs: 0 });
    expect(await backlog.next(runner.held())).toBeUndefined();
  });

  it("is removed once its receipt is durable, and the daemon goes on", async () => {
    const layout = await spoolWith({ "tasks/1.json": making("x.png", "old.jpg") });
    let isFull = true;
    const recorder = record(layout.root, (text) => {
      if (isFull && text === "fsync done") throw errno("ENOSPC");
    });
    const { runner, pause, startNext } = runnerOn(await contextOn(layout, { system: recorder.system }), async () => {
      return { kind: "handled", json: "null" };
    });
    await startNext();
    await until(() => runner.stranded() === 1);
    await expect(runner.retryStranded()).rejects.toMatchObject({ code: "ENOSPC" });
    expect(await filesByState(layout)).toEqual(["active/1.a1.json", "done/1.json"]);
    isFull = false;
    await runner.retryStranded();
    expect(recorder.lines().slice(-2)).toEqual(["fsync done", "unlink active/1.a1.json"]);
    expect(await filesByState(layout)).toEqual(["done/1.json"]);
    expect(pause.because()).toBeNull();
  });

  it("keeps its reason when it had come to failed/ before the trouble", async () => {
    const layout = await newSpool();
    const active = await activeTask(layout, 1);
    const task: Task = making("x.png", "none.jpg");
    const attempt = { active, task, startedAtMs: 0 };
    let hasArrived = false;
    const { system } = record(layout.root, (text) => {
      if (hasArrived && text === "open failed") throw errno("EMFILE");
      hasArrived ||= text === "rename active/1.a1.json failed/1.json";
    });
    const broken = await contextOn(layout, { system });
    await expect(settle(broken, attempt, { kind: "failed", error: MISSING })).rejects.toMatchObject({
      code: "RESOURCES_SHORT",
    });
    await settle(await contextOn(layout), attempt, { kind: "interrupted" });
    expect(await filesByState(layout)).toEqual(["failed/1.json", "failed/1.reason.json"]);
  });
});

describe("a disk that is full when a task has just been moved", () => {
  it.each([
    ["deferred", 1, { kind: "timedOut", timeoutMs: 1 }, ["deferred/1000.1.a2.json"]],
    ["failed", 2, { kind: "failed", error: MISSING }, ["failed/1.json", "failed/1.reason.json"]],
  ] as const)("pauses the daemon, and leaves it in %s/", async (state, which, outcome, files) => {
    const layout = await newSpool();
    const attempt = { active: await activeTask(layout, 1), task: making("x.png", "old.jpg"), startedAtMs: 0 };
    let syncs = 0;
    const { system } = record(layout.root, (text) => {
      if (text === `fsync ${state}` && ++syncs === which) throw errno("ENOSPC");
    });
    const fixed = { ...system, nowMs: () => 1_000, random: () => 0 };
    const conclusion = await settle(await contextOn(layout, { system: fixed }), attempt, outcome);
    expect(conclusion).toMatchObject({ move: "taken", pause: { code: "DISK_FULL" } });
    expect(await filesByState(layout)).toEqual(files);
  });
});

describe("tasks that fail because another has failed", () => {
  it("neither hide nor end a run of failures that are the machine's", async () => {
    const tasks: Record<string, Task> = {};
    for (let number = 1; number <= 6; number += 2) {
      tasks[`tasks/${number}.json`] = making(`${number}.png`, "none.jpg");
      tasks[`tasks/${number + 1}.json`] = making(`${number + 1}.png`, "cat.jpg", { after: [number] });
    }
    const layout = await spoolWith(tasks);
    const context = await contextOn(layout, { maxAlike: 3 });
    const { runner, pause, startNext } = runnerOn(context, async () => ({ kind: "failed", error: MISSING }));
    for (let number = 1; number <= 6; number++) {
      expect(await startNext()).toBe(number);
      await until(() => runner.running().length === 0);
    }
    expect(runner.failed()).toBe(6);
    expect(pause.because()?.code).toBe("FAILURES_ALIKE");
  });
});
