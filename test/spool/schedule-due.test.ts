import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { isScheduleDue } from "../../src/spool/schedule-due.ts";
import { type EntryRecord, writeEntryRecord } from "../../src/spool/schedule-records.ts";
import { realSystem } from "../../src/system.ts";
import { parseSchedule } from "../../src/task/schedule.ts";
import { newSpool } from "../support/directories.ts";
import { DROP } from "./task.ts";

const NOW = Date.UTC(2027, 0, 2);
const ENTRY = { cron: "0 0 1 * *", timeZone: "UTC", task: JSON.parse(DROP) as object };
const LINE = parseSchedule(JSON.stringify({ entries: { monthly: ENTRY } }))[0]?.line ?? "";
const RECORD = {
  line: LINE,
  lastAt: null,
  lastNumber: null,
  pending: null,
  problem: null,
  since: "2027-01-01T00:00:00Z",
};

describe("the schedule", () => {
  async function isDue(entry: object | string | null, record: Partial<EntryRecord> | null = {}): Promise<boolean> {
    const system = { ...realSystem(), nowMs: () => NOW };
    const layout = await newSpool(system);
    const text = typeof entry === "string" ? entry : JSON.stringify({ entries: { monthly: entry } });
    if (entry !== null) await writeFile(layout.scheduleFile, text);
    if (record !== null) await writeEntryRecord(system, layout, "monthly", { ...RECORD, ...record });
    return isScheduleDue(system, layout);
  }

  it("is due when a time has passed that has not been dealt with, or a run is half enqueued", async () => {
    expect(await isDue(ENTRY, { since: "2026-12-31T12:00:00Z" })).toBe(true);
    expect(await isDue(ENTRY, { pending: { at: "2027-01-01T00:00:00Z", number: 7, key: "k" } })).toBe(true);
    expect(await isDue(ENTRY)).toBe(false);
  });

  it("is due when no daemon has seen an entry yet, from when its times count", async () => {
    expect(await isDue(ENTRY, null)).toBe(true);
    expect(await isDue(ENTRY, { line: "another line" })).toBe(true);
    expect(await isDue({ ...ENTRY, enabled: false }, null)).toBe(false);
  });

  it("is not due when there is none, or it is no schedule", async () => {
    expect([await isDue(null, null), await isDue("{ half", null)]).toEqual([false, false]);
  });
});
