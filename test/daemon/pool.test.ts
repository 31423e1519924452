import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { openPool, type Work } from "../../src/daemon/pool.ts";
import { realSystem } from "../../src/system.ts";
import { spoold } from "../support/cli.ts";
import { freshDirectory, type RunningDaemon, startDaemon, until } from "../support/daemon.ts";
import { copyInstallation, type Installation } from "../support/installation.ts";
import { namesIn, placePicture, placeSlowPicture, quickTask, slowTask, spoolIn } from "../support/spool.ts";
import { workersOf } from "../support/workers.ts";

let directory: string;

beforeEach(async () => {
  directory = await freshDirectory();
  await placePicture(join(directory, "quick.jpg"));
  await placeSlowPicture(join(directory, "slow.jpg"));
});

describe("the next task", () => {
  it("is claimed while the one before it runs, and nothing after it", async () => {
    const daemon = await startDaemon(directory, ["--concurrency", "1"]);
    const spool = await spoolIn(directory);
    for (const task of [slowTask("first"), quickTask("second"), quickTask("third")]) await spool.enqueue(task);
    await until(async () => (await namesIn(directory, "active")).length === 2 && startedIn(daemon).length > 0);
    expect(await namesIn(directory, "active")).toEqual(["1.a1.json", "2.a1.json"]);
    expect(await namesIn(directory, "tasks")).toEqual(["3.json"]);
    expect(startedIn(daemon)).toEqual([1]);
  });

  it("loses no attempt when the worker dies at the one before it", async () => {
    const daemon = await startDaemon(directory, ["--concurrency", "1"]);
    const { next } = await enqueueTwo();
    await until(async () => (await namesIn(directory, "active")).length === 2 && startedIn(daemon).length === 1);
    for (const pid of await workersOf(daemon.pid)) process.kill(pid, "SIGKILL");
    expect(await next.done()).toMatchObject({ attempts: 1 });
  });

  it("loses no attempt when the daemon dies at the one before it", async () => {
    const daemon = await startDaemon(directory, ["--concurrency", "1"]);
    const { next } = await enqueueTwo();
    await until(async () => (await namesIn(directory, "active")).length === 2 && startedIn(daemon).length === 1);
    await until(async () => (await readFile(join(directory, "spool/run/begun"), "latin1")).includes("1.a1"));
    process.kill(daemon.pid, "SIGKILL");
    await daemon.ended;
    const second = await startDaemon(directory, ["--concurrency", "1"]);
    expect(await next.done()).toMatchObject({ attempts: 1 });
    expect(second.lines()).toContainEqual(expect.objectContaining({ msg: "task deferred", number: 1, nextAttempt: 2 }));
  });

  it("is put back when the daemon is told to stop", async () => {
    const daemon = await startDaemon(directory, ["--concurrency", "1"]);
    await enqueueTwo();
    await until(async () => (await namesIn(directory, "active")).length === 2 && startedIn(daemon).length === 1);
    process.kill(daemon.pid, "SIGTERM");
    expect(await daemon.ended).toBe(0);
    expect(await namesIn(directory, "done")).toEqual(["1.json"]);
    expect(await namesIn(directory, "deferred")).toEqual(["0.2.a1.json"]);
  });

  async function enqueueTwo(): Promise<{ next: { done(): Promise<{ attempts: number }> } }> {
    const spool = await spoolIn(directory);
    // Long enough to be met at its pixels, short enough to be waited for.
    await spool.enqueue({ ...slowTask("first"), outputs: [{ file: "first.avif", width: 500 }] });
    return { next: await spool.enqueue(quickTask("second")) };
  }
});

describe("a worker", () => {
  it("is replaced after as many tasks as the setting says", async () => {
    const daemon = await startDaemon(directory, ["--concurrency", "1", "--recycle-tasks", "2"]);
    const spool = await spoolIn(directory);
    const seen = new Set<number>();
    for (let count = 0; count < 5; count++) {
      for (const pid of await until(async () => nonEmpty(await workersOf(daemon.pid)))) seen.add(pid);
      expect(await (await spool.enqueue(quickTask(`${count}`))).done()).toMatchObject({ attempts: 1 });
    }
    expect(seen.size).toBeGreaterThanOrEqual(3);
    await until(async () => (await workersOf(daemon.pid)).length === 1);
  });

  it("that takes too much memory is killed, and its task fails with the limit and what it took", async () => {
    const limit = 128 * 1024 * 1024;
    await startDaemon(directory, ["--concurrency", "1", "--worker-memory", String(limit)]);
    const spool = await spoolIn(directory);
    const wide = { source: "slow.jpg", outputs: [{ file: "wide.avif", width: 9_000 }] };
    const large = await spool.enqueue(wide);
    await expect(large.done()).rejects.toMatchObject({ cause: { code: "WORKER_TOO_LARGE", facts: { limit } } });
    expect(await (await spool.enqueue(quickTask("next"))).done()).toMatchObject({ attempts: 1 });
  });
});

describe("a worker that is not ours any more", () => {
  it("cannot have others blamed for ever by telling that it has rendered", async () => {
    const installation = await copyInstallation();
    await installation.exchangeWorker(LIAR);
    await startWith(installation, ["--concurrency", "1"]);
    const spool = await spoolIn(directory);
    const liar = await spool.enqueue({ ...quickTask("liar"), summary: "lie" });
    const honest = await spool.enqueue(quickTask("honest"));
    await expect(liar.done()).rejects.toMatchObject({ cause: { code: "WORKER_CRASHED" } });
    await expect(honest.done()).rejects.toMatchObject({ cause: { code: "SOURCE_MISSING" } });
  });

  it("is killed when it says what it must not", async () => {
    const installation = await copyInstallation();
    await installation.exchangeWorker(BABBLER);
    await startWith(installation, ["--concurrency", "1", "--max-crashes", "1"]);
    const spool = await spoolIn(directory);
    const handler = { handler: "x" };
    const picture = quickTask("x");
    for (const [summary, work] of [
      ["out of turn", picture],
      ["no message", picture],
      ["an answer without its pixels", picture],
      ["that it is fresh, of which it was told nothing", picture],
      ["the result of a handler", picture],
      ["a line of a handler", picture],
      ["that it has rendered", handler],
      ["an answer without its pixels", handler],
      ["that it is fresh, of which it was told nothing", handler],
      ["progress out of turn", handler],
    ] as const) {
      const task = await spool.enqueue({ ...work, summary });
      const crash = { code: "WORKER_CRASHED", facts: { signal: "SIGKILL" } };
      await expect(task.done(), summary).rejects.toMatchObject({ cause: crash });
    }
    // The rest of what it can say is right.
    const last = await spool.enqueue({ ...handler, summary: "its own result" });
    expect(await last.done()).toMatchObject({ result: 7 });
  });
});

describe("workers that die at their start", () => {
  it("cost no task an attempt, show in status, and work goes on once they do not", async () => {
    const installation = await copyInstallation();
    await installation.exchangeWorker("process.exit(3);");
    const daemon = await startWith(installation);
    const task = await (await spoolIn(directory)).enqueue(quickTask("patient"));
    await until(async () => (await statusOf()).paused === "workers die before they are ready");
    expect(await namesIn(directory, "tasks")).toEqual(["1.json"]);
    await installation.restoreWorker();
    expect(await task.done()).toMatchObject({ attempts: 1 });
    expect(daemon.lines().map(({ msg }) => msg)).toContain("workers start again");
    expect((await statusOf()).paused).toBeNull();
  });

  async function statusOf(): Promise<{ paused: string | null }> {
    const { stdout } = await spoold(directory, ["status", "--json"]);
    return (JSON.parse(stdout) as { daemon: { paused: string | null } }).daemon;
  }
});

/** A worker that fails every task but those whose summary is `lie`: of these it says that they are rendered, and dies. */
const LIAR = `
  process.on("message", ({ number, attempt, task }) => {
    const error = { code: "SOURCE_MISSING", message: "", hint: "", facts: {}, causes: [] };
    if (task.summary !== "lie") return process.send({ kind: "ended", number, attempt, result: { kind: "failed", error } });
    process.send({ kind: "rendered", number, attempt }, () => setTimeout(() => process.exit(9), 50));
  });
  process.on("disconnect", () => process.exit());
  process.send({ kind: "ready" });
`;

/** A worker that says what the task's summary names. */
const BABBLER = `
  const source = { path: "/x", width: 1, height: 1, bytes: 1, format: "jpeg", orientation: 1 };
  process.on("message", ({ number, attempt, task }) => {
    const id = { number, attempt };
    const ended = (result) => ({ kind: "ended", ...id, result });
    const words = {
      "out of turn": { kind: "rendered", number: number + 1, attempt },
      "no message": { kind: "hello" },
      "an answer without its pixels": ended({ kind: "prepared", source, outputs: [] }),
      "that it is fresh, of which it was told nothing": ended({ kind: "fresh" }),
      "the result of a handler": ended({ kind: "handled", json: "7" }),
      "its own result": ended({ kind: "handled", json: "7" }),
      "a line of a handler": { kind: "says", ...id, text: "x", fields: null, dropped: 0 },
      "that it has rendered": { kind: "rendered", ...id },
      "progress out of turn": { kind: "progress", number, attempt: attempt + 1, part: 1, text: null },
    };
    process.send(words[task.summary]);
  });
  process.on("disconnect", () => process.exit());
  process.send({ kind: "ready" });
`;

function startWith({ bin }: Installation, args: readonly string[] = []): Promise<RunningDaemon> {
  return startDaemon(directory, args, {}, bin);
}

function startedIn(daemon: RunningDaemon): unknown[] {
  return daemon
    .lines()
    .filter(({ msg }) => msg === "task started")
    .map((line) => line["number"]);
}

function nonEmpty<T>(list: T[]): T[] | undefined {
  return list.length > 0 ? list : undefined;
}

describe("a pool that is being shut", () => {
  it("gives a task back at once that was claimed a moment before", async () => {
    const quiet = () => undefined;
    const limits = { workerMemory: 2 ** 30, recycleTasks: 10, recycleBytes: 2 ** 30 };
    const events = { free: quiet, diedAtStart: quiet, mended: quiet, unusable: quiet, spent: quiet };
    const pool = openPool({ size: 1, env: process.env, system: realSystem(), ...limits }, events);
    pool.killAll();
    expect(await pool.run({} as unknown as Work)).toEqual({ kind: "interrupted" });
    await pool.close();
  });
});
