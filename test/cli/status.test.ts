import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { STATES } from "../../src/spool/layout.ts";
import {
  DUE_AT_MS,
  emptySpool,
  jsonLines,
  placeRejected,
  placeTask,
  spoold,
  startBusyDaemon,
  TASK,
} from "../support/cli.ts";
import { freshDirectory, startDaemon } from "../support/daemon.ts";

async function status(directory: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await spoold(directory, ["status", "--json"]);
  expect([code, stderr]).toEqual([0, ""]);
  const [value, ...others] = jsonLines(stdout);
  expect(others).toEqual([]);
  expect(Object.keys(value ?? {})).toEqual([
    "spool",
    "daemon",
    "counts",
    "oldestWaitingMs",
    "nextDueAt",
    "highestNumber",
    "schedule",
    "scheduleError",
  ]);
  return value ?? {};
}

describe("spoold status", () => {
  it("tells of a spool that holds nothing and has no daemon", async () => {
    const directory = await freshDirectory();
    const spool = await emptySpool(directory);
    const counts = Object.fromEntries(STATES.map((state) => [state, 0]));
    const nothing = { oldestWaitingMs: null, nextDueAt: null, highestNumber: 0, schedule: [], scheduleError: null };
    const found = { spool, daemon: null, counts, ...nothing };
    expect(await status(directory)).toEqual(found);
    const { code, stdout, stderr } = await spoold(directory, ["status"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toBe([`spool   ${spool}`, "daemon  none", "oldest  nothing waits", HEAD, ZEROS, ""].join("\n"));
  });

  it("counts what lies in each state, reasons and temporaries not", async () => {
    const directory = await freshDirectory();
    for (const state of ["tasks", "active", "deferred", "held", "failed", "done", "done"] as const) {
      await placeTask(directory, state);
    }
    await placeRejected(directory, "bad.json", "{}");
    await writeFile(join(directory, "spool/tasks/cat.json"), "{");
    await writeFile(join(directory, "spool/tasks/half.json.part"), "{");
    const found = await status(directory);
    const counts = { tasks: 2, active: 1, deferred: 1, held: 1, failed: 1, rejected: 1, done: 2 };
    expect(found).toMatchObject({ counts, nextDueAt: new Date(DUE_AT_MS).toISOString(), highestNumber: 7 });
    expect(found["oldestWaitingMs"]).toBeGreaterThanOrEqual(0);
    expect((await spoold(directory, ["status"])).stdout).toMatch(/^due {5}in \d+ d$/m);
  });

  it("tells of the daemon, and of what it is running", async () => {
    const directory = await freshDirectory();
    const summary = "\u001b[31mcat\u202e";
    const { daemon, number } = await startBusyDaemon(directory, { ...TASK, summary });
    const { daemon: found } = await status(directory);
    const live = { answers: true, concurrency: 1, workersReady: 1, stopping: false, paused: null };
    const rate = { perMinute: 0, lastMinute: 0 };
    expect(found).toMatchObject({ pid: daemon.pid, ...live, rate, running: [{ number, attempt: 1, summary }] });
    const { stdout } = await spoold(directory, ["status"]);
    expect(stdout).toMatch(new RegExp(`^daemon  pid ${daemon.pid} on .+ since [^,]+$`, "m"));
    expect(stdout).toMatch(/^rate {4}0 a minute$/m);
    const shown = String.raw`\\u001b\[31mcat\\u202e`;
    expect(stdout).toMatch(new RegExp(`^running ${number} for [\\d.]+ m?s, attempt 1  ${shown}$`, "m"));
  });

  it("tells of a daemon that does not answer, and of none once it is dead", async () => {
    const directory = await freshDirectory();
    await placeTask(directory, "held", TASK);
    const daemon = await startDaemon(directory);
    process.kill(daemon.pid, "SIGSTOP");
    expect((await status(directory))["daemon"]).toMatchObject({ pid: daemon.pid, answers: false });
    expect((await spoold(directory, ["status"])).stdout).toMatch(/^daemon {2}pid .*, does not answer$/m);
    process.kill(daemon.pid, "SIGKILL");
    await daemon.ended;
    expect((await status(directory))["daemon"]).toBe(null);
  });
});

describe("spoold status on a schedule", () => {
  it("tells the next run of each entry without a daemon, and of a file that is not valid its faults", async () => {
    const directory = await freshDirectory();
    const spool = await emptySpool(directory);
    const task = { handler: "none" };
    const entries = {
      leap: { cron: "0 12 29 2 *", timeZone: "Asia/Tokyo", task },
      off: { cron: "@daily", enabled: false, task },
    };
    await writeFile(join(spool, "schedule.json"), JSON.stringify({ entries }));
    const none = { lastAt: null, lastNumber: null, problem: null };
    const nextAt = expect.stringMatching(/^20\d\d-02-29T03:00:00.000Z$/);
    const [leap, off] = [
      { name: "leap", nextAt, ...none },
      { name: "off", nextAt: null, ...none },
    ];
    expect(await status(directory)).toMatchObject({ schedule: [leap, off], scheduleError: null });
    const { stdout } = await spoold(directory, ["status"]);
    expect(stdout).toMatch(/^schedule leap {2}next 20\d\d-02-29T03:00:00.000Z \(in \d+ d\)\nschedule off {3}off\n$/m);
    await writeFile(join(spool, "schedule.json"), '{"entries":{"\\u001b":{}}}');
    expect(await status(directory)).toMatchObject({ schedule: [], scheduleError: { code: "SCHEDULE_INVALID" } });
    expect((await spoold(directory, ["status"])).stdout).toContain("  /entries/\\u001b/cron: expected a string\n");
  });
});

const HEAD = STATES.join("  ");
const ZEROS = STATES.map((state) => "0".padEnd(state.length))
  .join("  ")
  .trimEnd();
