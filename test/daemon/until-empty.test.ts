import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { spoold } from "../support/cli.ts";
import { freshDirectory, startDaemon } from "../support/daemon.ts";
import { namesIn, placePicture, quickTask, spoolIn } from "../support/spool.ts";

const QUIET = ["--log-file", "log.txt"];

let directory: string;

beforeEach(async () => {
  directory = await freshDirectory();
  await placePicture(join(directory, "quick.jpg"));
});

describe("start --until-empty", () => {
  it("stays while tasks/ holds what cannot be run, takes what comes, and ends when it is empty", async () => {
    const spool = await spoolIn(directory);
    const held = await spool.enqueue(quickTask("held"));
    await rename(join(directory, "spool/tasks/1.json"), join(directory, "spool/held/1.json"));
    await spool.enqueue({ ...quickTask("after"), after: [held.number] });
    await writeFile(join(directory, "spool/tasks/note.txt"), "");
    const daemon = await startDaemon(directory, ["--until-empty"]);
    await (await spool.enqueue(quickTask("late"))).done();
    await rm(join(directory, "spool/tasks/note.txt"));
    // Only what waits for the held one is left: it is a task, and will be one to run.
    await (await spool.enqueue(quickTask("later"))).done();
    await rename(join(directory, "spool/held/1.json"), join(directory, "spool/tasks/1.json"));
    expect(await daemon.ended).toBe(0);
    expect(await namesIn(directory, "done")).toEqual(["1.json", "2.json", "3.json", "4.json"]);
  });

  it("stays while the spool is paused, and ends with 0 though a task failed", async () => {
    const spool = await spoolIn(directory);
    await writeFile(join(directory, "spool/PAUSE"), "");
    const ticket = await spool.enqueue({ ...quickTask("bad"), source: "missing.jpg" });
    const daemon = await startDaemon(directory, ["--until-empty"]);
    await daemon.line(({ msg }) => msg === "daemon paused by hand");
    await rm(join(directory, "spool/PAUSE"));
    await expect(ticket.done()).rejects.toMatchObject({ code: "TASK_FAILED" });
    expect(await daemon.ended).toBe(0);
  });

  it("ends at once, without becoming a daemon, when nothing is to be done now", async () => {
    const spool = await spoolIn(directory);
    await writeFile(join(spool.directory, "deferred/9999999999999.7.a1.json"), "{}");
    await writeFile(join(spool.directory, "tasks/.hidden"), "");
    expect(await spoold(directory, ["start", "--until-empty", ...QUIET])).toEqual({ code: 0, stdout: "", stderr: "" });
    expect((await namesIn(directory, "run")).filter((name) => name.startsWith("owner"))).toEqual([]);
  });

  it("goes on with what was under way when a daemon died, and enqueues what the schedule says", async () => {
    const spool = await spoolIn(directory);
    await spool.enqueue(quickTask("orphan"));
    await rename(join(directory, "spool/tasks/1.json"), join(directory, "spool/active/1.a1.json"));
    const entry = { cron: "0 0 1 1 *", missed: "once", task: quickTask("planned") };
    await writeFile(join(directory, "spool/schedule.json"), JSON.stringify({ entries: { yearly: entry } }));
    const args = ["start", "--until-empty", "--concurrency", "1", ...QUIET];
    expect((await spoold(directory, args)).code).toBe(0);
    expect(await namesIn(directory, "done")).toEqual(["1.json"]);
    const record = join(directory, "spool/run/schedule/yearly.json");
    const seen = JSON.parse(await readFile(record, "utf8")) as Record<string, unknown>;
    await writeFile(record, JSON.stringify({ ...seen, since: "2020-06-01T00:00:00.000Z" }));
    expect((await spoold(directory, args)).code).toBe(0);
    expect(await namesIn(directory, "done")).toEqual(["1.json", "2.json"]);
  });

  it("is not taken together with --once", async () => {
    const { code, stderr } = await spoold(directory, ["start", "--once", "--until-empty"]);
    expect(code).toBe(2);
    expect(stderr).toContain("cannot be used with option '--once'");
  });
});
