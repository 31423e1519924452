import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { askDaemon } from "../../src/spool/control.ts";
import { layoutOf } from "../../src/spool/layout.ts";
import { writeEntryRecord } from "../../src/spool/schedule-records.ts";
import { realSystem } from "../../src/system.ts";
import { freshDirectory, launchDaemon, startDaemon, until } from "../support/daemon.ts";
import { namesIn, placePicture, quickTask, spoolIn } from "../support/spool.ts";

const EVERY_SECOND = { cron: "* * * * * *", task: quickTask("scheduled") };

let directory: string;
const at = (path: string): string => join(directory, "spool", path);
const schedule = (entries: object): Promise<void> => writeFile(at("schedule.json"), JSON.stringify({ entries }));

beforeEach(async () => {
  directory = await freshDirectory();
  await placePicture(join(directory, "quick.jpg"));
  await spoolIn(directory);
});

describe("a daemon with a schedule", () => {
  it("runs it by itself, follows its changes at once, and goes on with it while it is paused by hand", async () => {
    const daemon = await startDaemon(directory, ["--rescan", "3600000"]);
    await schedule({ often: EVERY_SECOND });
    const enqueued = await daemon.line(({ msg }) => msg === "schedule enqueued");
    expect(enqueued).toMatchObject({ number: 1, entry: "often", supplicant: "test", summary: "scheduled" });
    await daemon.line(({ msg, number }) => msg === "task done" && number === 1);
    await writeFile(at("schedule.json"), "no JSON");
    const told = await daemon.line(({ msg }) => msg === "schedule not valid");
    expect(told).toMatchObject({ level: "error", inForce: ["often"] });
    const status = await askDaemon(realSystem(), layoutOf(at("")), { ask: "status" }, 5_000);
    expect(status).toMatchObject({ schedule: [{ name: "often" }], scheduleError: { code: "SCHEDULE_INVALID" } });
    await writeFile(at("PAUSE"), "");
    await daemon.line(({ msg }) => msg === "daemon paused by hand");
    await until(async () => (await namesIn(directory, "tasks")).length > 1);
    await rm(at("schedule.json"));
    await daemon.line((line) => line.msg === "schedule read" && (line["entries"] as string[]).length === 0);
    daemon.child.kill("SIGTERM");
    expect(await daemon.ended).toBe(0);
  });
});

describe("spoold start --once", () => {
  it("makes up for what was missed, as the entry says, and ends", async () => {
    await schedule({
      made: { cron: "0 0 29 2 *", missed: "once", task: quickTask("made up") },
      none: { cron: "0 0 29 2 *", task: quickTask("never") },
    });
    const record = {
      line: "0 0 29 2 *",
      since: "2020-01-01T00:00:00.000Z",
      lastAt: null,
      lastNumber: null,
      pending: null,
      problem: null,
    };
    for (const name of ["made", "none"]) await writeEntryRecord(realSystem(), layoutOf(at("")), name, record);
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(0);
    const receipt = JSON.parse(await readFile(at("done/1.json"), "utf8"));
    expect(receipt).toMatchObject({ status: "done", summary: "made up" });
    expect(await namesIn(directory, "done")).toEqual(["1.json"]);
  });

  it("runs what waits although the schedule is not valid, tells of it, and ends with 1", async () => {
    await (await spoolIn(directory)).enqueue(quickTask("waiting"));
    await writeFile(at("schedule.json"), "{");
    const daemon = launchDaemon(directory, ["--once"]);
    expect(await daemon.ended).toBe(1);
    expect(await namesIn(directory, "done")).toEqual(["1.json"]);
    expect(daemon.lines().filter(({ msg }) => msg === "schedule not valid")).toHaveLength(1);
  });
});
