import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeEach, describe, expect, it } from "vitest";
import { freshDirectory, launchDaemon, startDaemon, until } from "../support/daemon.ts";
import { namesIn, placePicture, quickTask, spoolIn } from "../support/spool.ts";

let directory: string;

beforeEach(async () => {
  directory = await freshDirectory();
  await placePicture(join(directory, "quick.jpg"));
});

describe("a resident daemon", () => {
  it("turns an enqueued task into pictures, keeps a receipt, and deletes the task", async () => {
    const daemon = await startDaemon(directory);
    const spool = await spoolIn(directory);
    const ticket = await spool.enqueue({
      source: "quick.jpg",
      outputs: [
        { file: "out/a.jpg", width: 32 },
        { file: "out/b.webp", width: 16, height: 16 },
        { file: "out/c.avif", height: 12 },
        { file: "out/d.png" },
      ],
    });
    const receipt = await ticket.done();
    const files = ["out/a.jpg", "out/b.webp", "out/c.avif", "out/d.png"];
    expect(ticket.outputs.map(({ file }) => file)).toEqual(files);
    const sizes = await Promise.all(files.map((file) => sharp(join(directory, file)).metadata()));
    expect(sizes.map(({ format, width, height }) => `${format} ${width}x${height}`)).toEqual([
      "jpeg 32x24",
      "webp 16x16",
      "heif 16x12",
      "png 64x48",
    ]);
    expect(receipt.outputs.map(({ file }) => file)).toEqual(files);
    await daemon.line(({ msg }) => msg === "task done");
    expect(await namesIn(directory, "tasks")).toEqual([]);
    expect(await namesIn(directory, "active")).toEqual([]);
    expect(await namesIn(directory, "done")).toEqual([`${ticket.number}.json`]);
  });

  it("hears of tasks that come while it is idle, again and again", async () => {
    await startDaemon(directory);
    const spool = await spoolIn(directory);
    for (let round = 0; round < 5; round++) {
      await (await spool.enqueue(quickTask(`round-${round}`))).done();
    }
    expect(await namesIn(directory, "done")).toHaveLength(5);
  });

  it("starts tasks in the order of their priority and number", async () => {
    const spool = await spoolIn(directory);
    await spool.enqueue(quickTask("first"));
    await spool.enqueue(quickTask("second"));
    await spool.enqueue({ ...quickTask("urgent"), priority: 7 });
    const daemon = launchDaemon(directory, ["--once", "--concurrency", "1"]);
    expect(await daemon.ended).toBe(0);
    const started = daemon.lines().filter(({ msg }) => msg === "task started");
    expect(started.map((line) => line["summary"])).toEqual(["urgent", "first", "second"]);
  });

  it("tells who asked for what on each line about a task, and what came of it at the end", async () => {
    const daemon = await startDaemon(directory);
    const ticket = await (await spoolIn(directory)).enqueue(quickTask("told"));
    const done = await daemon.line(({ msg }) => msg === "task done");
    const about = { number: ticket.number, attempt: 1, supplicant: "test", summary: "told" };
    expect(daemon.lines().find(({ msg }) => msg === "task started")).toMatchObject(about);
    const receipt = await ticket.done();
    expect(done).toMatchObject({
      ...about,
      bytes: receipt.outputs[0]?.bytes,
      outputs: ["told.jpg"],
      ms: receipt.durationMs,
    });
  });

  it("keeps a task that fails, with the reason beside it, and goes on", async () => {
    const daemon = await startDaemon(directory);
    const spool = await spoolIn(directory);
    const bad = await spool.enqueue({ ...quickTask("bad"), source: "missing.jpg" });
    const good = await spool.enqueue(quickTask("good"));
    await good.done();
    await expect(bad.done()).rejects.toMatchObject({ code: "TASK_FAILED", cause: { code: "SOURCE_MISSING" } });
    const kept = JSON.parse(await readFile(join(directory, `spool/failed/${bad.number}.json`), "utf8"));
    expect(kept).toMatchObject({ source: "missing.jpg", summary: "bad" });
    const reason = JSON.parse(await readFile(join(directory, `spool/failed/${bad.number}.reason.json`), "utf8"));
    expect(reason).toMatchObject({
      number: bad.number,
      error: { code: "SOURCE_MISSING", facts: { path: "missing.jpg" } },
    });
    expect(daemon.lines().find(({ msg }) => msg === "task failed")).toMatchObject({
      number: bad.number,
      supplicant: "test",
    });
  });

  it("runs a failed task again when a person moves it back", async () => {
    await startDaemon(directory);
    const spool = await spoolIn(directory);
    const ticket = await spool.enqueue({ ...quickTask("late"), source: "upload.jpg" });
    await expect(ticket.done()).rejects.toMatchObject({ code: "TASK_FAILED" });
    await placePicture(join(directory, "upload.jpg"));
    const name = `${ticket.number}.json`;
    await rename(join(directory, "spool/failed", name), join(directory, "spool/tasks", name));
    const receipt = await until(() => ticket.done().catch(() => undefined));
    expect(receipt).toMatchObject({ number: ticket.number, attempts: 1 });
    await until(async () => (await namesIn(directory, "failed")).length === 0);
  });

  it("leaves a task alone that a person holds, and runs it when it is released", async () => {
    const spool = await spoolIn(directory);
    const held = await spool.enqueue(quickTask("held"));
    const name = `${held.number}.json`;
    await rename(join(directory, "spool/tasks", name), join(directory, "spool/held", name));
    await startDaemon(directory);
    await (await spool.enqueue(quickTask("other"))).done();
    expect(await namesIn(directory, "held")).toEqual([name]);
    await rename(join(directory, "spool/held", name), join(directory, "spool/tasks", name));
    expect(await held.done()).toMatchObject({ number: held.number });
  });

  it("does its work in polling mode too", async () => {
    await startDaemon(directory, ["--watch", "poll", "--rescan", "50"]);
    const spool = await spoolIn(directory);
    await (await spool.enqueue(quickTask("polled"))).done();
    expect(await namesIn(directory, "done")).toHaveLength(1);
  });
});

describe("a daemon started with --once", () => {
  it("ends with 0 when all is done, and leaves the spool to the next", async () => {
    const spool = await spoolIn(directory);
    for (let count = 0; count < 10; count++) await spool.enqueue(quickTask(`task-${count}`));
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(0);
    expect(await namesIn(directory, "done")).toHaveLength(10);
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(0);
    expect(await namesIn(directory, "tmp")).toEqual([]);
  });

  it("ends with 1 when a task failed", async () => {
    await (await spoolIn(directory)).enqueue({ ...quickTask("bad"), source: "missing.jpg" });
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(1);
  });

  it("waits for drops to settle before it calls the spool empty", async () => {
    await mkdir(join(directory, "spool/tasks"), { recursive: true });
    await writeFile(join(directory, "spool/tasks/note.json"), JSON.stringify(quickTask("dropped")));
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(0);
    expect(await namesIn(directory, "done")).toEqual(["1.json"]);
  });
});

describe("tasks that touch the same file", () => {
  it("never overlap: the last one in order decides what the file holds", async () => {
    const spool = await spoolIn(directory);
    const widths = [60, 10, 50, 20, 40, 30];
    for (const width of widths) {
      await spool.enqueue({ source: "quick.jpg", outputs: [{ file: "same.png", width }], summary: `${width}` });
      await spool.enqueue(quickTask(`between-${width}`));
    }
    const daemon = launchDaemon(directory, ["--once", "--concurrency", "3"]);
    expect(await daemon.ended).toBe(0);
    const done = daemon.lines().filter(({ msg, outputs }) => msg === "task done" && String(outputs) === "same.png");
    expect(done.map((line) => Number(line["summary"]))).toEqual(widths);
    expect((await sharp(join(directory, "same.png")).metadata()).width).toBe(30);
  });

  it("run one after the other when one reads what an earlier one writes", async () => {
    const spool = await spoolIn(directory);
    await spool.enqueue({ source: "quick.jpg", outputs: [{ file: "middle.png", width: 40 }] });
    await spool.enqueue({ source: "middle.png", outputs: [{ file: "end.png", width: 20 }] });
    expect(await launchDaemon(directory, ["--once", "--concurrency", "2"]).ended).toBe(0);
    expect((await sharp(join(directory, "end.png")).metadata()).width).toBe(20);
  });
});
