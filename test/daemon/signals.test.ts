import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { freshDirectory, launchDaemon, lives, startDaemon, until } from "../support/daemon.ts";
import { namesIn, placePicture, placeSlowPicture, quickTask, slowTask, spoolIn } from "../support/spool.ts";
import { workersOf } from "../support/workers.ts";

let directory: string;

beforeEach(async () => {
  directory = await freshDirectory();
  await placePicture(join(directory, "quick.jpg"));
  await placeSlowPicture(join(directory, "slow.jpg"));
});

describe.each(["SIGTERM", "SIGINT"] as const)("%s", (signal) => {
  it("lets what runs finish, starts nothing more, and ends with 0", async () => {
    const spool = await spoolIn(directory);
    await spool.enqueue({ ...slowTask("running"), outputs: [{ file: "running.avif", width: 500 }] });
    await spool.enqueue(quickTask("waiting"));
    const daemon = await startDaemon(directory, ["--concurrency", "1"]);
    await daemon.line(({ msg }) => msg === "task started");
    await until(async () => (await namesIn(directory, "active")).length === 2);
    process.kill(daemon.pid, signal);
    expect(await daemon.ended).toBe(0);
    expect(await namesIn(directory, "done")).toEqual(["1.json"]);
    expect(await namesIn(directory, "tasks")).toEqual([]);
    expect(await namesIn(directory, "deferred")).toEqual(["0.2.a1.json"]);
  });
});

describe("a second signal", () => {
  it("kills the workers at once, and the task goes on at the next start with its attempt given back", async () => {
    const ticket = await (await spoolIn(directory)).enqueue(slowTask("long"));
    const daemon = await startDaemon(directory);
    await daemon.line(({ msg }) => msg === "task started");
    const workers = await workersOf(daemon.pid);
    process.kill(daemon.pid, "SIGTERM");
    await daemon.line(({ msg }) => msg === "daemon stopping");
    process.kill(daemon.pid, "SIGTERM");
    expect(await daemon.ended).toBe(0);
    await until(() => !workers.some(lives));
    expect(await namesIn(directory, "active")).toEqual([]);
    expect(await namesIn(directory, "deferred")).toEqual([expect.stringMatching(/^\d+\.1\.a1\.json$/)]);
    const next = await startDaemon(directory);
    expect(await next.line(({ msg }) => msg === "task started")).toMatchObject({ number: ticket.number, attempt: 1 });
  });
});

describe("SIGHUP", () => {
  it("opens the log files anew after a rotation", async () => {
    const [log, errors] = [join(directory, "log.txt"), join(directory, "error.txt")];
    const spool = await spoolIn(directory);
    const daemon = await startDaemonWithFiles(log, errors);
    await (await spool.enqueue(quickTask("before"))).done();
    await until(async () => (await readFile(log, "utf8")).includes("task done"));
    await Promise.all([rename(log, `${log}.1`), rename(errors, `${errors}.1`)]);
    process.kill(daemon.pid, "SIGHUP");
    await until(() => readFile(log, "utf8").catch(() => undefined));
    const bad = await spool.enqueue({ ...quickTask("after"), source: "missing.jpg" });
    await expect(bad.done()).rejects.toMatchObject({ code: "TASK_FAILED" });
    for (const file of [log, errors])
      await until(async () => (await readFile(file, "utf8")).includes('"summary":"after"'));
    expect(await readFile(`${log}.1`, "utf8")).not.toContain('"summary":"after"');
    expect(await readFile(`${errors}.1`, "utf8")).toBe("");
  });

  async function startDaemonWithFiles(log: string, errors: string): Promise<{ pid: number }> {
    const daemon = launchDaemon(directory, ["--log-file", log, "--error-file", errors]);
    await until(() => readFile(log, "utf8").catch(() => undefined));
    return daemon;
  }
});
