import { describe, expect, it } from "vitest";
import { isTimeZone, timetableOf } from "../../src/task/cron.ts";

const at = (text: string): number => Date.parse(text);
const iso = (ms: number | undefined): string => (ms === undefined ? "never" : new Date(ms).toISOString());

/** The times of a line from a moment on. */
function times(line: string, timeZone: string, from: string, count: number): string[] {
  const found: string[] = [];
  for (let ms = at(from); found.length < count; ) {
    const next = timetableOf(line, timeZone).next(ms);
    if (next === undefined || next <= ms) throw new Error(`no time after ${iso(ms)}`);
    found.push(iso(next));
    ms = next;
  }
  return found;
}

describe("a line with one time of the day", () => {
  it("runs at the first valid time where its own does not exist, and on every other day at its own", () => {
    expect(times("30 2 * * *", "Europe/Berlin", "2027-03-26T12:00:00Z", 3)).toEqual([
      "2027-03-27T01:30:00.000Z",
      "2027-03-28T01:00:00.000Z",
      "2027-03-29T00:30:00.000Z",
    ]);
  });

  it("runs once where its time comes twice, at the first of them", () => {
    expect(times("30 2 * * *", "Europe/Berlin", "2027-10-30T12:00:00Z", 2)).toEqual([
      "2027-10-31T00:30:00.000Z",
      "2027-11-01T01:30:00.000Z",
    ]);
    expect(times("30 1 * * *", "America/New_York", "2027-11-07T05:30:00Z", 1)).toEqual(["2027-11-08T06:30:00.000Z"]);
  });
});

describe("a line with several times of the day", () => {
  it("skips the times that do not exist, and runs at both of those that come twice", () => {
    expect(times("0 * * * *", "Europe/Berlin", "2027-03-28T00:00:00Z", 2)).toEqual([
      "2027-03-28T01:00:00.000Z",
      "2027-03-28T02:00:00.000Z",
    ]);
    expect(times("30 * * * *", "Europe/Berlin", "2027-10-30T23:30:00Z", 3)).toEqual([
      "2027-10-31T00:30:00.000Z",
      "2027-10-31T01:30:00.000Z",
      "2027-10-31T02:30:00.000Z",
    ]);
  });
});

describe("the times between two moments", () => {
  it.each([
    ["*/15 * * * *", "Europe/Berlin", "2027-10-30T22:00:00Z"],
    ["30 2 * * *", "Europe/Berlin", "2027-03-20T00:00:00Z"],
    ["15 2 * * *", "Australia/Lord_Howe", "2027-09-28T00:00:00Z"],
    ["@hourly", "America/New_York", "2027-11-06T20:00:00Z"],
    ["0 0 L * *", "UTC", "2027-01-01T00:00:00Z"],
  ])("are those that come one after the other: %s in %s", (line, zone, from) => {
    const forward = times(line, zone, from, 20);
    const until = at(forward.at(-1) ?? "");
    const timetable = timetableOf(line, zone);
    expect(timetable.between(at(from), until, 30).map(iso)).toEqual(forward);
    expect(timetable.between(at(from), until, 3).map(iso)).toEqual(forward.slice(-3));
    expect(timetable.between(at(from), until - 1, 30).map(iso)).toEqual(forward.slice(0, -1));
    expect(timetable.between(until, until, 3)).toEqual([]);
  });
});

describe("what is no line of cron", () => {
  it.each(["", "* * *", "60 * * * *", "* * * * * * 2027", "2027-01-01T00:00:00", "@reboot", "0 3 * * 8", "foo"])(
    "is refused: %j",
    (line) => expect(() => timetableOf(line, "UTC")).toThrow(Error),
  );

  it("is told from one whose time never comes, and a time zone from what is none", () => {
    expect(timetableOf("0 0 31 2 *", "UTC").next(0)).toBe(undefined);
    expect([isTimeZone("Europe/Berlin"), isTimeZone("Europe/Berln"), isTimeZone("")]).toEqual([true, false, false]);
  });
});
