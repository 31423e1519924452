import { copyFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { jsonLines, placeTask, spoold, TASK } from "../support/cli.ts";
import { freshDirectory, startDaemon } from "../support/daemon.ts";
import { placePicture } from "../support/spool.ts";

/** Whether a promise is still open after another has ended. */
async function isOpenAfter(promise: Promise<unknown>, other: Promise<unknown>): Promise<boolean> {
  let open = true;
  void promise.then(() => {
    open = false;
  });
  await other;
  return open;
}

describe("spoold wait", () => {
  it("tells at once of a task that is done, and ends with 0", async () => {
    const directory = await freshDirectory();
    const number = await placeTask(directory, "done");
    const ended = await spoold(directory, ["wait", String(number)]);
    expect(ended).toEqual({ code: 0, stdout: "1 done in 7 ms, 0 outputs\n", stderr: "" });
  });

  it("tells at once of a task that has failed, and ends with 1", async () => {
    const directory = await freshDirectory();
    const number = await placeTask(directory, "failed", { ...TASK, source: "\u001b[31m\u202e.jpg" });
    const { code, stdout, stderr } = await spoold(directory, ["wait", String(number)]);
    expect([code, stderr]).toEqual([1, ""]);
    expect(stdout).toMatch(/^1 failed: the source does not exist \(path /);
  });

  it("prints with --json a line for each: the number, how it ended, and its receipt or the reason", async () => {
    const directory = await freshDirectory();
    const [done, failed] = [await placeTask(directory, "done"), await placeTask(directory, "failed")];
    const { code, stdout } = await spoold(directory, ["wait", "--json", String(failed), String(done)]);
    expect(code).toBe(1);
    const lines = jsonLines(stdout).sort((a, b) => Number(a["number"]) - Number(b["number"]));
    expect(lines.map((line) => Object.keys(line))).toEqual(Array(2).fill(["number", "ended", "receipt", "reason"]));
    expect(lines).toMatchObject([
      { number: done, ended: "done", receipt: { number: done, durationMs: 7 }, reason: null },
      { number: failed, ended: "failed", receipt: null, reason: { number: failed, error: { code: "SOURCE_MISSING" } } },
    ]);
  });

  it("goes on in every state but done and failed, until the task has come to its end elsewhere", async () => {
    const directory = await freshDirectory();
    const spool = join(directory, "spool");
    const states = ["tasks", "active", "deferred", "held"] as const;
    const numbers: number[] = [];
    for (const state of states) numbers.push(await placeTask(directory, state));
    const done = await placeTask(directory, "done");
    const waits = Promise.all(numbers.map((number) => spoold(directory, ["wait", String(number)])));
    expect(await isOpenAfter(waits, spoold(directory, ["wait", String(done)]))).toBe(true);
    for (const number of numbers) await copyFile(join(spool, `done/${done}.json`), join(spool, `done/${number}.json`));
    for (const { code, stderr } of await waits) expect([code, stderr]).toEqual([0, ""]);
  });

  it("sees the end of a task that a daemon makes", async () => {
    const directory = await freshDirectory();
    const [good, bad] = [
      await placeTask(directory, "tasks"),
      await placeTask(directory, "tasks", { ...TASK, source: "none.jpg", outputs: [{ file: "none.png" }] }),
    ];
    await placePicture(join(directory, "cat.jpg"));
    const waits = spoold(directory, ["wait", String(good), String(bad)]);
    await startDaemon(directory);
    const { code, stdout } = await waits;
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^${good} done in .*, 1 outputs$`, "m"));
    expect(stdout).toMatch(new RegExp(`^${bad} failed: the source does not exist`, "m"));
  });

  it("ends with 3 when a number is wrong, however long the others would take", async () => {
    const directory = await freshDirectory();
    const number = await placeTask(directory, "held");
    const { code, stdout, stderr } = await spoold(directory, ["wait", String(number), "99"]);
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toContain("(number 99) [TASK_NOT_FOUND]");
  });

  it("ends with 3 when the task is removed", async () => {
    const directory = await freshDirectory();
    const [number, done] = [await placeTask(directory, "tasks"), await placeTask(directory, "done")];
    const waits = spoold(directory, ["wait", String(number)]);
    expect(await isOpenAfter(waits, spoold(directory, ["wait", String(done)]))).toBe(true);
    await unlink(join(directory, `spool/tasks/${number}.json`));
    expect((await waits).code).toBe(3);
  });
});
