import { describe, expect, it } from "vitest";
import { timetableOf } from "../../src/task/cron.ts";
import { dealtWith, dueRuns, MAX_MADE_UP } from "../../src/task/due-runs.ts";

const NIGHTLY = timetableOf("0 3 * * *", "UTC");
const at = (text: string): number => Date.parse(`2027-05-${text}Z`);

/** What is due of a nightly run. */
function due(missed: "none" | "once" | "all", since: string, now: string): [string[], boolean] {
  const { runs, skipped } = dueRuns({ timetable: NIGHTLY, missed }, at(since), at(now));
  return [runs.map((ms) => new Date(ms).toISOString().slice(8, 16)), skipped];
}

describe("runs that nobody was there for", () => {
  it.each([
    ["none", [], true],
    ["once", ["05T03:00"], true],
    ["all", ["03T03:00", "04T03:00", "05T03:00"], false],
  ] as const)("are made up for as the entry says: %s", (missed, runs, skipped) => {
    expect(due(missed, "02T03:00:00", "05T12:00:00")).toEqual([runs, skipped]);
  });

  it("are bounded: of more than a thousand the last ones are made up for", () => {
    const entry = { timetable: timetableOf("* * * * *", "UTC"), missed: "all" as const };
    const { runs, skipped, upToMs } = dueRuns(entry, at("01T00:00:00"), at("05T00:00:00"));
    expect([runs.length, skipped, upToMs]).toEqual([MAX_MADE_UP, true, at("05T00:00:00")]);
    expect(runs.at(-1)).toBe(at("05T00:00:00"));
  });
});

describe("a run that is less than a minute late", () => {
  it.each(["none", "once", "all"] as const)("is not missed: %s", (missed) => {
    expect(due(missed, "04T03:00:00", "05T03:00:59.999")).toEqual([["05T03:00"], false]);
    expect(due(missed, "04T03:00:00", "05T03:00:00")).toEqual([["05T03:00"], false]);
    expect(due(missed, "04T03:00:00", "05T02:59:59.999")).toEqual([[], false]);
  });

  it("is missed after that, where nothing is made up for", () => {
    expect(due("none", "04T03:00:00", "05T03:01:00")).toEqual([[], true]);
  });
});

describe("a clock that is set back", () => {
  it("lets no time come twice, unless it was wrong by more than a day", () => {
    expect(dealtWith(at("05T03:00:00"), at("05T02:00:00"))).toBe(at("05T03:00:00"));
    expect(dealtWith(at("05T03:00:00"), at("04T03:00:00"))).toBe(at("05T03:00:00"));
    expect(dealtWith(at("05T03:00:00"), at("04T02:59:00"))).toBe(at("04T02:59:00"));
  });
});
