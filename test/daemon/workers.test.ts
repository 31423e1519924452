import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { freshDirectory, lives, startDaemon, until } from "../support/daemon.ts";
import { namesIn, placePicture, placeSlowPicture, quickTask, slowTask, spoolIn } from "../support/spool.ts";
import { workersOf } from "../support/workers.ts";

let directory: string;

beforeEach(async () => {
  directory = await freshDirectory();
  await placePicture(join(directory, "quick.jpg"));
  await placeSlowPicture(join(directory, "slow.jpg"));
});

async function temporariesIn(place: string): Promise<string[]> {
  return (await readdir(place)).filter((name) => name.startsWith(".spoold"));
}

describe("a task that runs past its deadline", () => {
  it("has its worker killed and lies in failed/, and the next one runs in a new worker", async () => {
    const daemon = await startDaemon(directory, ["--concurrency", "1"]);
    const before = await until(async () => (await workersOf(daemon.pid))[0]);
    const spool = await spoolIn(directory);
    const late = await spool.enqueue({ ...slowTask("late"), timeoutMs: 200, maxAttempts: 1 });
    const next = await spool.enqueue(quickTask("next"));
    await next.done();
    await expect(late.done()).rejects.toMatchObject({ cause: { code: "TASK_TIMED_OUT", facts: { timeoutMs: 200 } } });
    expect(lives(before)).toBe(false);
    expect(await temporariesIn(directory)).toEqual([]);
  });
});

describe("a task whose attempt kills the worker", () => {
  it("runs again after the first time, and lies in failed/ after the second", async () => {
    const daemon = await startDaemon(directory, ["--concurrency", "1"]);
    const poison = await (await spoolIn(directory)).enqueue(slowTask("poison"));
    for (const attempt of [1, 2]) {
      await daemon.line((line) => line.msg === "task started" && line["attempt"] === attempt);
      for (const pid of await until(async () => nonEmpty(await workersOf(daemon.pid)))) process.kill(pid, "SIGKILL");
    }
    await expect(poison.done()).rejects.toMatchObject({
      cause: { code: "WORKER_CRASHED", facts: { signal: "SIGKILL" } },
    });
    expect(await namesIn(directory, "failed")).toEqual(["1.json", "1.reason.json"]);
    expect(await namesIn(directory, "run")).not.toContain("1.json");
    await (await (await spoolIn(directory)).enqueue(quickTask("next"))).done();
    expect(await temporariesIn(directory)).toEqual([]);
  });
});

describe("a task whose attempt kills the daemon", () => {
  it("runs again after the first time, and lies in failed/ after the second", async () => {
    const poison = await (await spoolIn(directory)).enqueue(slowTask("poison"));
    for (const attempt of [1, 2]) {
      const daemon = await startDaemon(directory);
      await until(async () => (await begunMarks()).includes(`1.a${attempt} `));
      process.kill(daemon.pid, "SIGKILL");
      await daemon.ended;
    }
    await startDaemon(directory);
    await expect(poison.done()).rejects.toMatchObject({ cause: { code: "DAEMON_CRASHED" } });
    const { attempts } = await reasonOf(1);
    expect(attempts.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      [1, "orphaned"],
      [2, "orphaned"],
    ]);
  });

  async function begunMarks(): Promise<string> {
    return (await namesIn(directory, "run")).includes("begun")
      ? readFile(join(directory, "spool/run/begun"), "latin1")
      : "";
  }

  async function reasonOf(number: number): Promise<{ attempts: { attempt: number; outcome: string }[] }> {
    return JSON.parse(await readFile(join(directory, `spool/failed/${number}.reason.json`), "utf8"));
  }
});

describe("workers", () => {
  it("are as many as asked for, and are replaced when they die idle, at no task's cost", async () => {
    const daemon = await startDaemon(directory, ["--concurrency", "3"]);
    const first = await until(async () => ofLength(3, await workersOf(daemon.pid)));
    for (const pid of first) process.kill(pid, "SIGKILL");
    const second = await until(async () => {
      const now = await workersOf(daemon.pid);
      return ofLength(
        3,
        now.filter((pid) => !first.includes(pid)),
      );
    });
    expect(second).toHaveLength(3);
    const receipt = await (await (await spoolIn(directory)).enqueue(quickTask("after"))).done();
    expect(receipt.attempts).toBe(1);
  });

  it("end at once when their daemon is killed", async () => {
    const daemon = await startDaemon(directory);
    await (await spoolIn(directory)).enqueue(slowTask("long"));
    await daemon.line(({ msg }) => msg === "task started");
    const workers = await workersOf(daemon.pid);
    expect(workers.length).toBeGreaterThan(0);
    process.kill(daemon.pid, "SIGKILL");
    await until(() => !workers.some(lives));
  });

  it("do not get the daemon's environment", async () => {
    const daemon = await startDaemon(directory, [], { SECRET_OF_THE_APP: "hidden" });
    const [worker] = await until(async () => nonEmpty(await workersOf(daemon.pid)));
    const environment = await readFile(`/proc/${worker}/environ`, "utf8");
    expect(environment).not.toContain("hidden");
    expect(environment).toContain("MALLOC_ARENA_MAX=2");
  });

  it("are what Linux kills first when memory runs out", async () => {
    const daemon = await startDaemon(directory, ["--concurrency", "1"]);
    const [worker] = await until(async () => nonEmpty(await workersOf(daemon.pid)));
    await until(async () => (await readFile(`/proc/${worker}/oom_score_adj`, "utf8")).trim() === "1000");
  });
});

function nonEmpty<T>(list: T[]): T[] | undefined {
  return list.length > 0 ? list : undefined;
}

function ofLength<T>(length: number, list: T[]): T[] | undefined {
  return list.length === length ? list : undefined;
}
