import { mkdir, rm, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import type { Layout } from "../../src/spool/layout.ts";
import { viewSchedule } from "../../src/spool/schedule-view.ts";
import { realSystem } from "../../src/system.ts";
import { names, newSpool } from "../support/directories.ts";
import {
  clockAt,
  enqueued,
  followSchedule,
  NIGHTLY,
  nightlyRecord,
  SETTLE_MS,
  schedule,
} from "../support/scheduler.ts";

let layout: Layout;

beforeEach(async () => {
  layout = await newSpool();
});

/** What the nightly run of a day is for. */
const nightly = (day: number): string => `schedule nightly: due 2027-05-0${day}T03:00:00.000Z`;

describe("an entry of the schedule", () => {
  it("enqueues its task when its time has come, once, and says who asks and what for", async () => {
    await schedule(layout, { nightly: NIGHTLY });
    const { turn, scheduler } = followSchedule(layout, clockAt("2027-05-01T12:00:00Z"));
    expect(await turn()).toBe(false);
    expect(scheduler.nextMs()).toBe(15 * 3_600_000);
    expect(await turn("2027-05-02T02:59:59.999Z")).toBe(false);
    expect(await turn("2027-05-02T03:00:00Z")).toBe(true);
    expect(await turn("2027-05-02T03:00:00.001Z")).toBe(false);
    expect(await enqueued(layout)).toEqual([nightly(2)]);
    expect(await nightlyRecord(layout)).toMatchObject({ lastAt: "2027-05-02T03:00:00.000Z", lastNumber: 1 });
  });

  it("keeps the supplicant and the summary of its task, and fills in its recipe when it is enqueued", async () => {
    const task = { source: "cat.jpg", recipe: "mine", supplicant: "alice" };
    await schedule(layout, { nightly: { ...NIGHTLY, task } });
    const { turn } = followSchedule(layout, clockAt("2027-05-01T12:00:00Z"));
    await turn();
    await mkdir(layout.recipes);
    await writeFile(
      join(layout.recipes, "mine.json"),
      '{"outputs":[{"file":"{name}.png"}],"summary":"sizes of {name}"}',
    );
    await turn("2027-05-02T03:00:00Z");
    expect(await enqueued(layout)).toEqual(["alice: sizes of cat"]);
  });

  it("enqueues nothing while the task of its last time has not ended, where that says dedupe", async () => {
    await schedule(layout, { nightly: { ...NIGHTLY, task: { ...NIGHTLY.task, dedupe: "nightly" } } });
    const { turn, events } = followSchedule(layout, clockAt("2027-05-01T12:00:00Z"));
    for (const day of [1, 2, 3]) await turn(`2027-05-0${day}T03:00:00Z`);
    expect(await enqueued(layout)).toEqual([nightly(2)]);
    expect(events.at(-1)).toMatchObject({ name: "schedule queued already", number: 1, entry: "nightly" });
    await unlink(join(layout.tasks, "1.json"));
    await turn("2027-05-04T03:00:00Z");
    expect(await enqueued(layout)).toEqual([nightly(4)]);
  });

  it("that has no task to enqueue is told of, and has its turn again at its next time", async () => {
    await schedule(layout, { nightly: { ...NIGHTLY, task: { source: "cat.jpg", recipe: "none" } } });
    const { turn, events, scheduler } = followSchedule(layout, clockAt("2027-05-01T12:00:00Z"));
    await turn();
    await turn("2027-05-02T03:00:00Z");
    expect(events.at(-1)).toMatchObject({
      name: "schedule failed",
      entry: "nightly",
      error: { code: "RECIPE_MISSING" },
    });
    expect(scheduler.view().schedule[0]).toMatchObject({ lastAt: null, problem: { code: "RECIPE_MISSING" } });
    expect(scheduler.faults()).toBe(1);
    await turn("2027-05-02T03:00:01Z");
    expect(events.filter(({ name }) => name === "schedule failed")).toHaveLength(1);
    expect(scheduler.view().schedule[0]?.nextAt).toBe("2027-05-03T03:00:00.000Z");
  });

  it("begins now when it is new, when its line has changed, and when it was switched off meanwhile", async () => {
    const clock = clockAt("2027-05-01T12:00:00Z");
    const all = { ...NIGHTLY, missed: "all" };
    await schedule(layout, { nightly: all });
    await followSchedule(layout, clock).turn();
    await schedule(layout, { nightly: { ...all, cron: "0 4 * * *" } });
    await followSchedule(layout, clock).turn("2027-05-02T12:00:00Z");
    expect(await enqueued(layout)).toEqual([]);
    await schedule(layout, { nightly: { ...all, enabled: false } });
    const { turn, scheduler } = followSchedule(layout, clock);
    await turn("2027-05-03T12:00:00Z");
    expect(scheduler.view().schedule[0]?.nextAt).toBe(null);
    expect(scheduler.nextMs()).toBe(Number.POSITIVE_INFINITY);
    await schedule(layout, { nightly: all });
    await turn("2027-05-05T12:00:00Z");
    expect(await enqueued(layout)).toEqual([]);
    await turn("2027-05-06T03:00:00Z");
    expect(await enqueued(layout)).toEqual([nightly(6)]);
  });
});

describe("runs missed while no daemon ran", () => {
  it.each([
    ["none", []],
    ["once", [4]],
    ["all", [2, 3, 4]],
  ] as const)("are made up for at the next start as the entry says: %s", async (missed, days) => {
    const clock = clockAt("2027-05-01T12:00:00Z");
    await schedule(layout, { nightly: { ...NIGHTLY, missed } });
    await followSchedule(layout, clock).turn();
    const { turn } = followSchedule(layout, clock);
    await turn("2027-05-04T12:00:00Z");
    expect(await enqueued(layout)).toEqual(days.map(nightly));
    await turn("2027-05-04T13:00:00Z");
    await followSchedule(layout, clock).turn("2027-05-04T14:00:00Z");
    expect(await enqueued(layout)).toEqual(days.map(nightly));
  });

  it("are made up for in several turns when there are many, and those over a thousand are told of", async () => {
    const clock = clockAt("2027-05-01T00:00:00Z");
    await schedule(layout, { often: { ...NIGHTLY, cron: "* * * * *", missed: "all" } });
    await followSchedule(layout, clock).turn();
    const { turn, events, scheduler } = followSchedule(layout, clock);
    await turn("2027-05-01T20:00:00Z");
    expect(await enqueued(layout)).toHaveLength(16);
    expect(scheduler.nextMs()).toBeLessThanOrEqual(0);
    expect(scheduler.view().schedule[0]?.nextAt).toBe("2027-05-01T03:37:00.000Z");
    expect(events.filter(({ name }) => name === "runs missed")).toMatchObject([{ missed: "all", enqueued: 1_000 }]);
    // A daemon that takes over in between goes on where this one was.
    await followSchedule(layout, clock).turn();
    expect((await enqueued(layout)).at(-1)).toBe("schedule often: due 2027-05-01T03:52:00.000Z");
  });
});

describe("a clock that is set back", () => {
  it("lets nothing run twice", async () => {
    const clock = clockAt("2027-05-01T12:00:00Z");
    await schedule(layout, { nightly: { ...NIGHTLY, missed: "all" } });
    const { turn } = followSchedule(layout, clock);
    await turn();
    await turn("2027-05-02T03:00:00Z");
    for (const time of ["2027-05-02T02:30:00Z", "2027-05-02T03:00:00Z", "2027-05-02T03:00:30Z"]) await turn(time);
    for (const time of ["2027-05-02T02:40:00Z", "2027-05-02T03:00:10Z"]) await followSchedule(layout, clock).turn(time);
    expect(await enqueued(layout)).toEqual([nightly(2)]);
  });

  it("by more than a day was wrong before, so that the entry begins anew", async () => {
    const clock = clockAt("2038-01-01T02:59:59Z");
    await schedule(layout, { nightly: NIGHTLY });
    const { turn, events } = followSchedule(layout, clock);
    await turn();
    await turn("2038-01-01T03:00:00Z");
    await turn("2027-05-02T12:00:00Z");
    expect(events.at(-1)).toMatchObject({ level: "warn", name: "schedule begins anew", entry: "nightly" });
    await turn("2027-05-03T03:00:00Z");
    expect((await enqueued(layout)).slice(1)).toEqual([nightly(3)]);
    await followSchedule(layout, clock).turn("2027-05-04T03:00:00Z");
    expect((await enqueued(layout)).slice(2)).toEqual([nightly(4)]);
  });
});

describe("a schedule.json that is not valid", () => {
  it("is told of once per change, when it has settled, and leaves the last good one in force", async () => {
    const clock = clockAt("2027-05-01T12:00:00Z");
    await schedule(layout, { nightly: NIGHTLY });
    const { turn, events, scheduler } = followSchedule(layout, clock);
    await turn();
    await writeFile(layout.scheduleFile, '{"entries":{');
    clock.nowMs = Date.now();
    await scheduler.look();
    expect([scheduler.isSettling(), scheduler.faults(), scheduler.nextMs()]).toEqual([true, 0, SETTLE_MS]);
    clock.monotonicMs += SETTLE_MS;
    await scheduler.tend();
    await turn("2027-05-02T03:00:00Z");
    const told = events.filter(({ name }) => name === "schedule not valid");
    expect(told).toMatchObject([{ level: "error", error: "SCHEDULE_INVALID", inForce: ["nightly"] }]);
    expect(told[0]?.["faults"]).toEqual([expect.stringMatching(/^the file: expected one JSON object/)]);
    expect(scheduler.view()).toMatchObject({
      schedule: [{ name: "nightly" }],
      scheduleError: { code: "SCHEDULE_INVALID" },
    });
    expect((await enqueued(layout)).at(-1)).toBe(nightly(2));
    await schedule(layout, { hourly: { ...NIGHTLY, cron: "0 * * * *" } });
    await turn();
    expect([scheduler.view().scheduleError, scheduler.isSettling(), scheduler.faults()]).toEqual([null, false, 0]);
    expect(scheduler.view().schedule).toMatchObject([{ name: "hourly", nextAt: "2027-05-02T04:00:00.000Z" }]);
    expect(await names(join(layout.run, "schedule"))).toEqual(["hourly.json"]);
  });

  it.each([
    ["a directory", () => mkdir(layout.scheduleFile)],
    ["more than a mebibyte", () => writeFile(layout.scheduleFile, " ".repeat(1024 * 1024 + 1))],
  ])("may also be %s", async (_what, make) => {
    await make();
    const clock = clockAt("2100-05-01T12:00:00Z");
    const { turn, scheduler } = followSchedule(layout, clock);
    await turn();
    expect(scheduler.view()).toMatchObject({ schedule: [], scheduleError: { code: "SCHEDULE_INVALID" } });
    expect((await viewSchedule(realSystem(), layout)).scheduleError?.code).toBe("SCHEDULE_INVALID");
  });

  it("is another thing than one that is not there: then nothing is enqueued, and nothing is forgotten", async () => {
    const clock = clockAt("2027-05-01T12:00:00Z");
    const { turn, events, scheduler } = followSchedule(layout, clock);
    await turn();
    expect(events).toEqual([]);
    await schedule(layout, { nightly: { ...NIGHTLY, missed: "once" } });
    await turn();
    await rm(layout.scheduleFile);
    await turn("2027-05-02T03:00:00Z");
    expect(scheduler.view()).toEqual({ schedule: [], scheduleError: null });
    expect(await enqueued(layout)).toEqual([]);
    await schedule(layout, { nightly: { ...NIGHTLY, missed: "once" } });
    await turn("2027-05-02T12:00:00Z");
    expect(await enqueued(layout)).toEqual([nightly(2)]);
  });
});
