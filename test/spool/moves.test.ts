import { once } from "node:events";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { recordAttempt } from "../../src/spool/attempts.ts";
import { openSpool } from "../../src/spool/spool.ts";
import { realSystem } from "../../src/system.ts";
import { filesByState, newSpool, put } from "../support/directories.ts";
import { record } from "../support/recorder.ts";
import { moved, placeFile, receiptIn, taskFiles, told } from "./move-stages.ts";
import { crashOf, receiptFor } from "./stages.ts";
import { TASK, TASK_BYTES } from "./task.ts";

/** The year 2100, in a name. */
const AHEAD = Date.UTC(2100, 0, 1);

describe("a move by command", () => {
  it.each([
    ["hold", "tasks/7.json", "tasks to held", "held/7.json"],
    ["hold", "tasks/7.p5.json", "tasks to held", "held/7.p5.json"],
    ["hold", `deferred/${AHEAD}.7.p5.a2.json`, "deferred to held", `held/${AHEAD}.7.p5.a2.json`],
    ["hold", "deferred/0.7.a3.json", "deferred to held", "held/7.a3.json"],
    ["hold", "active/7.a1.json", "active to held", "held/7.json"],
    ["hold", "active/7.p5.a3.json", "active to held", "held/7.p5.a3.json"],
    ["hold", "held/7.json", "held to held", "held/7.json"],
    ["release", "held/7.p5.json", "held to tasks", "tasks/7.p5.json"],
    ["release", "held/7.a1.json", "held to tasks", "tasks/7.json"],
    ["release", "held/7.a3.json", "held to tasks", "tasks/7.a3.json"],
    ["release", `held/${AHEAD}.7.a2.json`, "held to deferred", `deferred/${AHEAD}.7.a2.json`],
    ["release", "held/5000.7.a2.json", "held to tasks", "tasks/5000.7.a2.json"],
    ["retry", "failed/7.p5.json", "failed to tasks", "tasks/7.p5.json"],
    ["retry", "failed/5000.7.a2.json", "failed to tasks", "tasks/7.json"],
    ["retry", `deferred/${AHEAD}.7.p5.a2.json`, "deferred to tasks", `tasks/${AHEAD}.7.p5.a2.json`],
    ["retry", "deferred/0.7.a2.json", "deferred to tasks", "tasks/7.a2.json"],
    ["cancel", "tasks/7.p5.json", "tasks to done", "done/7.json"],
    ["cancel", `deferred/${AHEAD}.7.a2.json`, "deferred to done", "done/7.json"],
    ["cancel", "active/7.a1.json", "active to done", "done/7.json"],
    ["cancel", "held/7.json", "held to done", "done/7.json"],
    ["cancel", "failed/7.json", "failed to done", "done/7.json"],
  ] as const)("%s takes %s: %s", async (verb, from, result, to) => {
    const layout = await newSpool();
    await placeFile(layout, from);
    expect(told((await moved(layout, verb, [7], { dryRun: true }))[0])).toBe(result);
    expect(await taskFiles(layout)).toEqual([from]);
    expect(told((await moved(layout, verb))[0])).toBe(result);
    expect(await taskFiles(layout)).toEqual([to]);
    if (verb !== "cancel") expect(await readFile(join(layout.root, to))).toEqual(TASK_BYTES);
  });

  it.each([
    ["hold", "failed/7.json", "MOVE_IMPOSSIBLE failed"],
    ["release", "tasks/7.json", "MOVE_IMPOSSIBLE tasks"],
    ["release", "failed/7.json", "MOVE_IMPOSSIBLE failed"],
    ["retry", "tasks/7.json", "MOVE_IMPOSSIBLE tasks"],
    ["retry", "held/7.json", "MOVE_IMPOSSIBLE held"],
    ["retry", "active/7.a1.json", "MOVE_IMPOSSIBLE active"],
    ["cancel", "tasks/8.json", "TASK_NOT_FOUND"],
    ["hold", "rejected/7.json", "TASK_NOT_FOUND"],
    ["hold", "tasks/.7.json", "TASK_NOT_FOUND"],
  ] as const)("%s leaves %s where it is: %s", async (verb, place, error) => {
    const layout = await newSpool();
    await placeFile(layout, place);
    const before = await filesByState(layout);
    expect(told((await moved(layout, verb))[0])).toBe(error);
    expect(await filesByState(layout)).toEqual(before);
  });

  it("leaves alone what has a receipt, whatever else lies under its number", async () => {
    const layout = await newSpool();
    await put(join(layout.done, "7.json"), JSON.stringify(receiptFor(7)));
    for (const verb of ["hold", "release", "retry", "cancel"] as const) {
      expect(told((await moved(layout, verb))[0])).toBe("MOVE_IMPOSSIBLE done");
    }
    await placeFile(layout, "held/7.json");
    for (const verb of ["hold", "release", "cancel"] as const) {
      expect(told((await moved(layout, verb))[0])).toBe("MOVE_IMPOSSIBLE done");
    }
    expect(await taskFiles(layout)).toEqual(["done/7.json", "held/7.json"]);
    expect((await receiptIn(layout)).status).toBe("done");
  });

  it("takes none of two files that have one number, in one directory or in two", async () => {
    for (const other of ["tasks/7.p5.json", "held/7.json"]) {
      const layout = await newSpool();
      for (const place of ["tasks/7.json", other]) await placeFile(layout, place);
      for (const verb of ["hold", "cancel"] as const) {
        expect(told((await moved(layout, verb))[0])).toMatch(/^NUMBER_TWICE /);
      }
      expect(await taskFiles(layout)).toEqual([other, "tasks/7.json"].sort());
    }
  });

  it("overwrites nothing that comes to its target in the last moment", async () => {
    const layout = await newSpool();
    await placeFile(layout, "held/7.json");
    const { system } = record(layout.root, async (text) => {
      if (text === "lstat tasks/7.json") await writeFile(join(layout.tasks, "7.json"), "another");
    });
    expect(told((await moved(layout, "release", [7], { system }))[0])).toBe("NUMBER_TWICE held/7.json tasks/7.json");
    expect(await readFile(join(layout.tasks, "7.json"), "utf8")).toBe("another");
  });

  it("tells of each number, once, and goes on after one that it cannot move", async () => {
    const layout = await newSpool();
    for (const number of [1, 2, 3]) await placeFile(layout, `tasks/${number}.json`);
    await placeFile(layout, "failed/4.json", 4);
    const results = await moved(layout, "hold", [3, 4, 99, 1, 3]);
    expect(results.map((result) => [result.number, told(result)])).toEqual([
      [3, "tasks to held"],
      [4, "MOVE_IMPOSSIBLE failed"],
      [99, "TASK_NOT_FOUND"],
      [1, "tasks to held"],
    ]);
    expect(await taskFiles(layout)).toEqual(["failed/4.json", "held/1.json", "held/3.json", "tasks/2.json"]);
  });

  it("reads the directories once for many numbers", async () => {
    const layout = await newSpool();
    const numbers = Array.from({ length: 50 }, (_, index) => index + 1);
    for (const number of numbers) await placeFile(layout, `tasks/${number}.json`, number);
    const recorder = record(layout.root);
    expect(await moved(layout, "hold", numbers, { system: recorder.system })).toHaveLength(50);
    expect(recorder.calls().filter((call) => call === "opendir failed")).toHaveLength(1);
  });

  it("is an error when a daemon that may be at work on the task does not answer: then it is held", async () => {
    const layout = await newSpool();
    await placeFile(layout, "active/7.a1.json");
    const daemon = createServer().listen(join(layout.run, "spoold.sock"));
    const sockets = new Set<Socket>();
    daemon.on("connection", (socket) => sockets.add(socket));
    await once(daemon, "listening");
    expect(told((await moved(layout, "cancel"))[0])).toBe("DAEMON_SILENT held");
    expect(await taskFiles(layout)).toEqual(["held/7.json"]);
    for (const socket of sockets) socket.destroy();
    await new Promise((closed) => daemon.close(closed));
    expect(told((await moved(layout, "cancel"))[0])).toBe("held to done");
  });

  it("is an error with a name in what has no form of a spool any more", async () => {
    const layout = await newSpool();
    const spool = await openSpool(layout.root);
    await mkdir(join(layout.tasks, "7.json"));
    expect(told((await spool.hold(7))[0])).toBe("TASK_NOT_FOUND");
    await rm(layout.held, { recursive: true });
    await expect(spool.hold(7)).rejects.toMatchObject({ code: "IO_ERROR", facts: { spool: layout.root } });
  });
});

describe("a task that is tried again", () => {
  it("has no record of the attempts that it had before it failed", async () => {
    const layout = await newSpool();
    await placeFile(layout, "failed/7.json");
    await recordAttempt(realSystem(), layout, 7, crashOf(1));
    await moved(layout, "retry");
    expect(await readdir(layout.attempts)).toEqual([]);
    expect(await filesByState(layout)).toEqual(["failed/7.reason.json", "tasks/7.json"]);
  });

  it("keeps the record of those before the attempt that was deferred", async () => {
    const layout = await newSpool();
    await placeFile(layout, `deferred/${AHEAD}.7.a2.json`);
    await recordAttempt(realSystem(), layout, 7, crashOf(1));
    await moved(layout, "retry");
    expect(await readdir(layout.attempts)).toEqual(["7.json"]);
  });

  it("is found by its word, so that the same is not queued beside it", async () => {
    const layout = await newSpool();
    const spool = await openSpool(layout.root);
    const task = { ...TASK, dedupe: "word" } as const;
    const { number } = await spool.enqueue(task);
    await rename(join(layout.tasks, `${number}.json`), join(layout.deferred, `${AHEAD}.${number}.a2.json`));
    await spool.retry(number);
    expect(await taskFiles(layout)).toEqual([`tasks/${AHEAD}.${number}.a2.json`]);
    expect((await spool.enqueue(task)).number).toBe(number);
  });
});

describe("the receipt of a cancelled task", () => {
  it("says so, and who had asked for what; its word is free for another", async () => {
    const layout = await newSpool();
    const spool = await openSpool(layout.root);
    const about = { supplicant: "alice", summary: "sizes", batch: "b" };
    const task = { ...TASK, ...about, dedupe: "word" };
    const { number } = await spool.enqueue(task);
    expect(await spool.cancel(number)).toEqual([{ kind: "moved", number, from: "tasks", to: "done" }]);
    const receipt = await receiptIn(layout, number);
    expect(receipt).toMatchObject({ number, status: "cancelled", ...about, attempts: 0, source: null, outputs: [] });
    expect(receipt.key).toMatch(/^[0-9a-f]{64}$/);
    expect(Object.hasOwn(receipt, "earlier")).toBe(false);
    await expect(spool.ticket(number).done()).rejects.toMatchObject({ code: "TASK_CANCELLED", facts: { number } });
    expect(await readdir(layout.tmp)).toEqual([]);
    expect(await readdir(join(layout.run, "dedupe"))).toEqual([]);
    expect((await spool.enqueue(task)).number).toBe(number + 1);
  });

  it("keeps the errors of its attempts, and nothing of them stays elsewhere", async () => {
    for (const place of ["failed/7.json", "deferred/5000.7.a2.json"]) {
      const layout = await newSpool();
      await placeFile(layout, place);
      if (!place.startsWith("failed")) await recordAttempt(realSystem(), layout, 7, crashOf(1));
      await moved(layout, "cancel");
      expect(await receiptIn(layout)).toMatchObject({ status: "cancelled", attempts: 1, earlier: [crashOf(1)] });
      expect(await filesByState(layout)).toEqual(["done/7.json"]);
      expect(await readdir(layout.attempts)).toEqual([]);
    }
  });

  it("stands for what a person had written, which nobody had checked", async () => {
    for (const content of ["{", "", JSON.stringify(TASK)]) {
      const layout = await newSpool();
      await put(join(layout.tasks, "7"), content);
      expect(told((await moved(layout, "cancel"))[0])).toBe("tasks to done");
      expect(await receiptIn(layout)).toMatchObject({ status: "cancelled", key: "" });
    }
  });

  it("is written once: who cancels it again is told the same", async () => {
    const layout = await newSpool();
    await placeFile(layout, "tasks/7.json");
    await moved(layout, "cancel");
    const receipt = await receiptIn(layout);
    expect(told((await moved(layout, "cancel"))[0])).toBe("done to done");
    expect(told((await moved(layout, "retry"))[0])).toBe("MOVE_IMPOSSIBLE done");
    expect(await receiptIn(layout)).toEqual(receipt);
  });
});
