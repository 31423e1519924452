import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sequencePath } from "../../src/spool/layout.ts";
import { openSpool } from "../../src/spool/spool.ts";
import { names, newSpool } from "../support/directories.ts";
import { errno, record } from "../support/recorder.ts";
import { clockAt, enqueued, followSchedule, NIGHTLY, nightlyRecord, schedule } from "../support/scheduler.ts";

const DUE = "2027-05-02T03:00:00Z";
const RUN = "schedule nightly: due 2027-05-02T03:00:00.000Z";

const CHANGE = /^(create|write|fsync|link|mkdir|rename|unlink) /;

describe("a daemon that is killed while it enqueues a run", () => {
  it("has enqueued it once when another one has gone on, wherever it was killed", async () => {
    let isWhole = false;
    let kills = 0;
    for (let last = 0; !isWhole; last++) {
      const layout = await newSpool();
      await schedule(layout, { nightly: NIGHTLY });
      const clock = clockAt("2027-05-01T12:00:00Z");
      await followSchedule(layout, clock).turn();
      let calls = 0;
      // From this change on nothing reaches the disk any more.
      const dead = record(layout.root, (text) => {
        if (CHANGE.test(text) && calls++ >= last) throw errno("EIO");
      });
      const first = await followSchedule(layout, clock, dead.system)
        .turn(DUE)
        .catch((error: unknown) => error);
      isWhole = first === true && calls <= last;
      if (!isWhole) kills += 1;
      const { turn } = followSchedule(layout, clock);
      // The next start may be long after: what was begun is no run that was missed.
      await turn((await nightlyRecord(layout))?.pending === null ? DUE : "2027-05-02T09:00:00Z");
      await turn();
      expect(await enqueued(layout), `killed at change ${last}`).toEqual([RUN]);
      const [file = ""] = await names(layout.tasks);
      expect(await nightlyRecord(layout)).toMatchObject({ pending: null, lastNumber: Number.parseInt(file, 10) });
    }
    expect(kills).toBeGreaterThan(12);
  });

  it("has enqueued it although its number was given again, after a crash of the machine", async () => {
    const layout = await newSpool();
    await schedule(layout, { nightly: NIGHTLY });
    const clock = clockAt("2027-05-01T12:00:00Z");
    await followSchedule(layout, clock).turn();
    const killed = record(layout.root, (text) => {
      if (text.startsWith("link")) throw errno("EIO");
    });
    await expect(followSchedule(layout, clock, killed.system).turn(DUE)).rejects.toMatchObject({ code: "IO_ERROR" });
    const { pending } = (await nightlyRecord(layout)) ?? {};
    await rename(sequencePath(layout.run, pending?.number ?? 0), sequencePath(layout.run, 0));
    const other = { source: "other.jpg", outputs: [{ file: "c.jpg" }], supplicant: "alice", summary: "other" };
    const { number } = await (await openSpool(layout.root)).enqueue(other);
    expect(number).toBe(pending?.number);
    await followSchedule(layout, clock).turn();
    expect(await enqueued(layout)).toEqual(["alice: other", RUN]);
  });
});

describe("a full disk", () => {
  it("delays a run and loses none, however long it lasts", async () => {
    const layout = await newSpool();
    await schedule(layout, { nightly: NIGHTLY });
    const clock = clockAt("2027-05-01T12:00:00Z");
    let isFull = false;
    const disk = record(layout.root, (text) => {
      if (isFull && text.startsWith("create")) throw errno("ENOSPC");
    });
    const { turn } = followSchedule(layout, clock, disk.system);
    await turn();
    isFull = true;
    for (const time of [DUE, "2027-05-02T03:00:30Z", "2027-05-02T05:00:00Z"])
      await expect(turn(time)).rejects.toThrow(/DISK_FULL|ENOSPC|disk is full/);
    isFull = false;
    await turn("2027-05-02T06:00:00Z");
    expect(await enqueued(layout)).toEqual([RUN]);
  });
});

describe("the record of an entry", () => {
  it.each([
    ["is gone", (path: string) => rm(path)],
    ["is no JSON", (path: string) => writeFile(path, "{")],
    ["is about something else", (path: string) => writeFile(path, '{"line":5}')],
  ])("that %s lets the entry begin anew", async (_what, damage) => {
    const layout = await newSpool();
    await schedule(layout, { nightly: { ...NIGHTLY, missed: "all" } });
    const clock = clockAt("2027-05-01T12:00:00Z");
    await followSchedule(layout, clock).turn();
    await damage(join(layout.run, "schedule/nightly.json"));
    const { turn } = followSchedule(layout, clock);
    await turn("2027-05-03T12:00:00Z");
    expect(await enqueued(layout)).toEqual([]);
    await turn("2027-05-04T03:00:00Z");
    expect(await enqueued(layout)).toHaveLength(1);
  });
});
