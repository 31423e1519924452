import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { askDaemon } from "../../src/spool/control.ts";
import { layoutOf } from "../../src/spool/layout.ts";
import type { NewTask } from "../../src/spool/spool.ts";
import { realSystem } from "../../src/system.ts";
import { freshDirectory, type LogLine, launchDaemon, startDaemon, until } from "../support/daemon.ts";
import { block } from "../support/readme.ts";
import { namesIn, placePicture, quickTask, spoolIn } from "../support/spool.ts";

/** More than can have been given to a worker before the first three have ended. */
const NAMES = Array.from({ length: 40 }, (_, place) => `n${place}`);

let directory: string;

beforeEach(async () => {
  directory = await freshDirectory();
  await placePicture(join(directory, "quick.jpg"));
});

function missing(name: string): NewTask {
  return { ...quickTask(name), source: `${name}-missing.jpg` };
}

/** `started 1`, `done 1` and so on, as the log tells them. */
function story(lines: readonly LogLine[]): string[] {
  const told = lines.filter(({ msg }) => /^task (started|done|failed|deferred)$/.test(msg));
  return told.map(({ msg, number }) => `${msg.slice("task ".length)} ${number}`);
}

/** A handler that fails as often as its task says, and then succeeds. */
async function placeFlaky(): Promise<void> {
  const handlers = join(directory, "spool/handlers");
  await mkdir(handlers, { recursive: true, mode: 0o700 });
  const code = `export default ({ data, attempt }) => {
    if (attempt <= data.fails) throw new Error("attempt " + attempt);
    return { attempt };
  };\n`;
  await writeFile(join(handlers, "flaky.js"), code, { mode: 0o600 });
}

describe("a task that waits for others", () => {
  it("runs when these are done, fails when one of them failed, and does not keep --once from its end", async () => {
    const spool = await spoolIn(directory);
    await spool.enqueue({ ...quickTask("one"), batch: "b" });
    await spool.enqueue({ ...missing("two"), batch: "b" });
    await spool.enqueue({ ...quickTask("three"), after: [1] });
    await spool.enqueue({ ...quickTask("four"), after: [1, 2] });
    await spool.enqueue({ ...quickTask("five"), after: [4] });
    await spool.enqueue({ ...quickTask("six"), after: [3], priority: 50 });
    await spool.enqueue({ ...quickTask("seven"), afterBatch: "b" });
    await spool.enqueue({ ...quickTask("eight"), after: [999] });
    await spool.enqueue(quickTask("nine"));
    await spool.enqueue({ ...quickTask("ten"), after: [9] });
    await rename(join(spool.directory, "tasks/9.json"), join(spool.directory, "held/9.json"));

    const daemon = launchDaemon(directory, ["--once", "--concurrency", "2"]);
    expect(await daemon.ended).toBe(1);
    const told = story(daemon.lines());
    expect(told.indexOf("started 3")).toBeGreaterThan(told.indexOf("done 1"));
    expect(told.indexOf("started 6")).toBeGreaterThan(told.indexOf("done 3"));
    for (const end of ["done 1", "failed 2"]) expect(told.indexOf("started 7")).toBeGreaterThan(told.indexOf(end));
    expect(await namesIn(directory, "done")).toEqual(["1.json", "3.json", "6.json", "7.json"]);
    expect(await namesIn(directory, "tasks")).toEqual(["10.json"]);
    const reasons = daemon.lines().filter(({ msg }) => msg === "task failed");
    const facts = reasons.map(({ number, error }) => [number, (error as { facts: object }).facts]);
    expect(facts).toEqual(
      expect.arrayContaining([
        [4, { after: 2, because: "failed" }],
        [5, { after: 4, because: "failed" }],
        [8, { after: 999, because: "it is no earlier task" }],
      ]),
    );
    // What is refused has never run.
    for (const number of [4, 5, 8]) expect(told).not.toContain(`started ${number}`);
  });
});

describe("README's chain", () => {
  it("makes the second picture of the first, before it would be its turn, and then tells the handler", async () => {
    await mkdir(join(directory, "uploads"));
    await placePicture(join(directory, "uploads/cat.jpg"));
    const spool = await spoolIn(directory);
    const handlers = join(spool.directory, "handlers");
    await mkdir(handlers, { mode: 0o700 });
    await writeFile(join(handlers, "publish.js"), "export default ({ data }) => data;\n", { mode: 0o600 });
    for (const line of block("json chain").trimEnd().split("\n")) await spool.enqueue(JSON.parse(line));
    const daemon = launchDaemon(directory, ["--once", "--concurrency", "2"]);
    expect(await daemon.ended).toBe(0);
    const ends = story(daemon.lines()).filter((line) => line.startsWith("done"));
    expect(ends).toEqual(["done 1", "done 2", "done 3"]);
    expect(await spool.ticket(3).done()).toMatchObject({ result: { album: "cats" }, source: null });
    expect(await spool.ticket(2).done()).toMatchObject({ batch: "cats", source: { format: "png" } });
  });
});

describe("a task with a time", () => {
  it("waits in deferred/ under that time, holds up nobody, and runs when it has come", async () => {
    const spool = await spoolIn(directory);
    await startDaemon(directory);
    const runAt = new Date(Date.now() + 3_000).toISOString();
    const ticket = await spool.enqueue({ ...quickTask("later"), runAt });
    const far = await spool.enqueue({ ...quickTask("far"), delay: 3_600_000 });
    await until(async () => (await readdir(join(spool.directory, "deferred"))).length === 2);
    expect(await namesIn(directory, "deferred")).toContain(`${Date.parse(runAt)}.1.a1.json`);
    // It writes the same file, and overtakes: the other has no place in the order yet.
    await (await spool.enqueue(quickTask("far"))).done();
    const receipt = await ticket.done();
    expect(Date.parse(receipt.startedAt)).toBeGreaterThanOrEqual(Date.parse(runAt));
    expect(receipt.attempts).toBe(1);
    const [name = ""] = await namesIn(directory, "deferred");
    await rename(join(spool.directory, "deferred", name), join(spool.directory, "tasks", name));
    expect((await far.done()).number).toBe(2);
  });
});

describe("a task that fails at first", () => {
  it("is tried again, holds its files meanwhile, and its receipt tells of every attempt", async () => {
    await placeFlaky();
    const spool = await spoolIn(directory);
    await spool.enqueue({ handler: "flaky", data: { fails: 2 }, reads: [], writes: ["same.jpg"] });
    await spool.enqueue(quickTask("same"));
    await spool.enqueue(quickTask("other"));
    await spool.enqueue({ handler: "flaky", data: { fails: 9 }, reads: [], writes: ["never"], maxAttempts: 2 });
    const daemon = launchDaemon(directory, ["--once", "--backoff", "150"]);
    expect(await daemon.ended).toBe(1);
    const told = story(daemon.lines());
    const ofOne = told.filter((line) => line.endsWith(" 1"));
    expect(ofOne).toEqual(["started 1", "deferred 1", "started 1", "deferred 1", "started 1", "done 1"]);
    expect(told.indexOf("started 2")).toBeGreaterThan(told.indexOf("done 1"));
    expect(told.indexOf("done 3")).toBeLessThan(told.indexOf("done 1"));
    expect(told.filter((line) => line.endsWith(" 4"))).toEqual(["started 4", "deferred 4", "started 4", "failed 4"]);
    const receipt = await spool.ticket(1).done();
    expect(receipt).toMatchObject({ attempts: 3, result: { attempt: 3 }, earlier: [{ attempt: 1 }, { attempt: 2 }] });
    expect(receipt.earlier?.[1]?.error).toMatchObject({ code: "HANDLER_FAILED", causes: ["attempt 2"] });
    await expect(spool.ticket(4).done()).rejects.toMatchObject({ code: "TASK_FAILED" });
  });

  it("holds up all others when the daemon is strict", async () => {
    await placeFlaky();
    const spool = await spoolIn(directory);
    await spool.enqueue({ handler: "flaky", data: { fails: 1 }, reads: [], writes: [] });
    await spool.enqueue(quickTask("a"));
    await spool.enqueue(quickTask("b"));
    const daemon = launchDaemon(directory, ["--once", "--strict", "--concurrency", "2", "--backoff", "100"]);
    expect(await daemon.ended).toBe(0);
    const first = ["started 1", "deferred 1", "started 1", "done 1"];
    expect(story(daemon.lines())).toEqual([...first, "started 2", "done 2", "started 3", "done 3"]);
  });
});

describe("a machine that seems broken", () => {
  it("pauses the daemon after failures of one kind, one task is tried then, and resume goes on at once", async () => {
    const spool = await spoolIn(directory);
    const tickets = [];
    for (const name of NAMES) tickets.push(await spool.enqueue(missing(name)));
    const daemon = await startDaemon(directory, ["--max-alike", "3", "--concurrency", "1"]);
    const paused = await daemon.line(({ msg }) => msg === "daemon paused");
    expect(paused["error"]).toMatchObject({ code: "FAILURES_ALIKE", facts: { error: "SOURCE_MISSING", count: 3 } });
    const failures = (): readonly LogLine[] => daemon.lines().filter(({ msg }) => msg === "task failed");
    const since = (line: LogLine): number => Date.parse(String(line["time"])) - Date.parse(String(paused["time"]));
    expect(failures().filter((line) => since(line) < 0).length).toBeLessThan(6);
    // After a second one task is tried, and fails like the others.
    await until(() => failures().some((line) => since(line) > 900));
    const layout = layoutOf(spool.directory);
    const status = await askDaemon(realSystem(), layout, { ask: "status" }, 1_000);
    expect(status).toMatchObject({ paused: expect.stringContaining("SOURCE_MISSING") });
    for (const name of NAMES) await placePicture(join(directory, `${name}-missing.jpg`));
    await askDaemon(realSystem(), layout, { ask: "resume" }, 1_000);
    for (const ticket of tickets.slice(failures().length)) expect((await ticket.done()).status).toBe("done");
    expect(daemon.lines().map(({ msg }) => msg)).toContain("daemon resumed");
  });
});

describe("the file PAUSE", () => {
  it("lets nothing start as long as it lies there, and --once then ends with 75", async () => {
    const spool = await spoolIn(directory);
    await writeFile(join(spool.directory, "PAUSE"), "moving the disk\n");
    const ticket = await spool.enqueue(quickTask("paused"));
    const once = launchDaemon(directory, ["--once"]);
    expect(await once.ended).toBe(75);
    expect(once.lines().at(-1)).toMatchObject({
      error: { code: "SPOOL_PAUSED", facts: { reason: "moving the disk" } },
    });

    const daemon = await startDaemon(directory, ["--rescan", "60000"]);
    await daemon.line(({ msg, reason }) => msg === "daemon paused by hand" && reason === "moving the disk");
    expect(await namesIn(directory, "tasks")).toEqual(["1.json"]);
    await rm(join(spool.directory, "PAUSE"));
    expect((await ticket.done()).status).toBe("done");
    await writeFile(join(spool.directory, "PAUSE"), "");
    await until(() => daemon.lines().filter(({ msg }) => msg === "daemon paused by hand").length === 2);
    expect(daemon.lines().map(({ msg }) => msg)).toContain("daemon resumed by hand");
  });
});
