import { readdir, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Spool } from "../../src/index.ts";
import { askDaemon } from "../../src/spool/control.ts";
import { layoutOf } from "../../src/spool/layout.ts";
import { realSystem } from "../../src/system.ts";
import { freshDirectory, lives, type RunningDaemon, startDaemon, until } from "../support/daemon.ts";
import { namesIn, placePicture, quickTask, spoolIn, spoolTagOf } from "../support/spool.ts";
import { workersOf } from "../support/workers.ts";

const RUN_AT = "2100-01-01T00:00:00Z";
const DUE_AT_MS = Date.parse(RUN_AT);

let directory: string;
let spool: Spool;
const at = (path: string): string => join(directory, "spool", path);
const mv = (from: string, to: string): Promise<void> => rename(at(from), at(to));

beforeEach(async () => {
  directory = await freshDirectory();
  await placePicture(join(directory, "quick.jpg"));
  spool = await spoolIn(directory);
});

/** A daemon with one worker, which is stopped as soon as it is there, and once more at every call of `stop`. */
async function startStopped(): Promise<{ daemon: RunningDaemon; stop: () => Promise<void>; goOn: () => void }> {
  // What it sees it must have been told of.
  const daemon = await startDaemon(directory, ["--rescan", "3600000"]);
  let stopped: number[] = [];
  const goOn = (): void => {
    for (const pid of stopped) if (lives(pid)) process.kill(pid, "SIGCONT");
  };
  // A stopped worker would outlive its daemon.
  onTestFinished(goOn);
  const stop = async (): Promise<void> => {
    // A worker that has made a picture is ready, and there is no other.
    await (await spool.enqueue(quickTask("ready"))).done();
    stopped = await workersOf(daemon.pid);
    for (const pid of stopped) process.kill(pid, "SIGSTOP");
  };
  await stop();
  return { daemon, stop, goOn };
}

function started(daemon: RunningDaemon, number: number): Promise<unknown> {
  return daemon.line((line) => line.msg === "task started" && line["number"] === number);
}

function takenAway(daemon: RunningDaemon, number: number): Promise<unknown> {
  return daemon.line((line) => line.msg === "task taken away" && line["number"] === number);
}

/** Enqueues a quick task. @returns its number */
async function add(name: string, more: object = {}): Promise<number> {
  return (await spool.enqueue({ ...quickTask(name), ...more })).number;
}

/** The pictures that were made, and whatever temporary was left. */
async function made(): Promise<string[]> {
  const names = await readdir(directory);
  return names.filter((name) => !["quick.jpg", "ready.jpg", "spool"].includes(name)).sort();
}

describe("tasks that are moved with mv while a daemon runs", () => {
  it("wait, go on, begin again or are gone, as the diagram says, from every state in which they wait", async () => {
    const failing = await add("failing", { source: "late.jpg" });
    const hopeless = await add("hopeless", { source: "none.jpg" });
    const { daemon, goOn } = await startStopped();
    await daemon.line((line) => line.msg === "task failed" && line["number"] === hopeless);
    const running = await add("running");
    await started(daemon, running);
    const next = await add("next");
    await until(async () => (await namesIn(directory, "active")).length === 2);
    const [held, parked, removed] = [await add("held"), await add("parked"), await add("removed")];
    const later = { runAt: RUN_AT };
    const [wanted, shelved, dropped] = [await add("a", later), await add("b", later), await add("c", later)];
    await until(async () => (await namesIn(directory, "deferred")).length === 3);

    await mv(`tasks/${held}.json`, `held/${held}.json`);
    await mv(`tasks/${parked}.json`, `held/${parked}.json`);
    await unlink(at(`tasks/${removed}.json`));
    await mv(`deferred/${DUE_AT_MS}.${wanted}.a1.json`, `tasks/${DUE_AT_MS}.${wanted}.a1.json`);
    await mv(`deferred/${DUE_AT_MS}.${shelved}.a1.json`, `held/${DUE_AT_MS}.${shelved}.a1.json`);
    await unlink(at(`deferred/${DUE_AT_MS}.${dropped}.a1.json`));
    await placePicture(join(directory, "late.jpg"));
    await mv(`failed/${failing}.json`, `tasks/${failing}.json`);
    await unlink(at(`failed/${hopeless}.json`));
    await mv(`held/${parked}.json`, `tasks/${parked}.json`);
    await mv(`active/${next}.a1.json`, `held/${next}.a1.json`);
    await takenAway(daemon, next);
    goOn();

    for (const number of [running, wanted, failing, parked]) {
      expect(await spool.ticket(number).done()).toMatchObject({ status: "done", attempts: 1 });
    }
    await mv(`held/${next}.a1.json`, `tasks/${next}.a1.json`);
    expect(await spool.ticket(next).done()).toMatchObject({ status: "done", attempts: 1 });
    for (const number of [removed, dropped, hopeless]) {
      await expect(spool.ticket(number).done()).rejects.toMatchObject({ code: "TASK_NOT_FOUND" });
    }
    expect(await namesIn(directory, "held")).toEqual([`${DUE_AT_MS}.${shelved}.a1.json`, `${held}.json`]);
    expect(await made()).toEqual(["a.jpg", "failing.jpg", "late.jpg", "next.jpg", "parked.jpg", "running.jpg"]);
  });

  it("are given up while they run: the worker is killed, its temporaries go, and the attempt does not count", async () => {
    const { daemon, stop } = await startStopped();
    const ways = {
      held: (number: number) => mv(`active/${number}.a1.json`, `held/${number}.a1.json`),
      removed: (number: number) => unlink(at(`active/${number}.a1.json`)),
      // Back at once: it comes to tasks/ before the worker that had it is gone.
      moved: (number: number) => mv(`active/${number}.a1.json`, `tasks/${number}.json`),
    };
    const numbers: number[] = [];
    for (const [name, takeAway] of Object.entries(ways)) {
      if (numbers.length > 0) await stop();
      const number = await add(name);
      numbers.push(number);
      await started(daemon, number);
      const [worker = 0] = await workersOf(daemon.pid);
      const temporary = `.spoold-${await spoolTagOf(directory)}-${number}-a1-0.tmp`;
      await writeFile(join(directory, temporary), "half a picture");
      await takeAway(number);
      await takenAway(daemon, number);
      await until(() => !lives(worker));
      await until(async () => !(await made()).includes(temporary));
    }
    const [held = 0, , moved = 0] = numbers;
    expect(await spool.ticket(moved).done()).toMatchObject({ attempts: 1 });
    expect(await namesIn(directory, "held")).toEqual([`${held}.a1.json`]);
    // The receipt is written before the file of its task goes.
    await until(async () => (await namesIn(directory, "active")).length === 0);
    expect(await made()).toEqual(["moved.jpg"]);
  });
});

describe("tasks that are moved by command while a daemon runs", () => {
  it("are held, cancelled and released, also those that run", async () => {
    const { daemon, stop, goOn } = await startStopped();
    const running = await add("running");
    await started(daemon, running);
    const [next, waiting] = [await add("next"), await add("waiting")];
    await until(async () => (await namesIn(directory, "active")).length === 2);
    const ended = spool
      .ticket(running)
      .done()
      .catch((error: unknown) => error);
    const [worker = 0] = await workersOf(daemon.pid);

    expect(await spool.hold([next, waiting])).toMatchObject(Array(2).fill({ kind: "moved", to: "held" }));
    expect(await spool.cancel(running)).toEqual([{ kind: "moved", number: running, from: "active", to: "done" }]);
    // When it is told, nothing is at work on it any more.
    expect(lives(worker)).toBe(false);
    expect(await ended).toMatchObject({ code: "TASK_CANCELLED" });
    expect(await namesIn(directory, "active")).toEqual([]);
    await stop();
    const second = await add("second");
    await started(daemon, second);
    expect(await spool.hold(second)).toMatchObject([{ from: "active", to: "held" }]);
    expect(await spool.release([second, next, waiting])).toMatchObject(Array(3).fill({ kind: "moved", to: "tasks" }));
    goOn();
    for (const number of [second, next, waiting]) {
      expect(await spool.ticket(number).done()).toMatchObject({ attempts: 1 });
    }
    expect(await made()).toEqual(["next.jpg", "second.jpg", "waiting.jpg"]);
  });

  it("wait as long as the spool is paused, with the reason for all to see, and start when it is not", async () => {
    await startDaemon(directory);
    expect(await spool.pause("the disk\nis changed")).toBe(true);
    expect(await spool.pause("another")).toBe(false);
    const ticket = await spool.enqueue(quickTask("patient"));
    await until(async () => {
      const status = await askDaemon(realSystem(), layoutOf(spool.directory), { ask: "status" }, 1_000);
      return typeof status === "object" && status.paused?.includes("the disk is changed");
    });
    expect(await namesIn(directory, "tasks")).toEqual(["1.json"]);
    expect(await spool.resume()).toBe(true);
    expect(await ticket.done()).toMatchObject({ attempts: 1 });
    expect(await spool.resume()).toBe(false);
  });
});
