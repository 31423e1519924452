import { describe, expect, it } from "vitest";
import { SpooldError } from "../../src/errors.ts";
import { describeFault, faultsOfError } from "../../src/task/faults.ts";
import { parseSchedule } from "../../src/task/schedule.ts";

const TASK = { source: "cat.jpg", outputs: [{ file: "cat.webp" }] };
const HOURLY = { cron: "0 * * * *", task: TASK };

/** What is wrong with a file, as people are told. */
function faultsOf(text: string): string[] {
  try {
    parseSchedule(text);
  } catch (error) {
    if (error instanceof SpooldError && error.code === "SCHEDULE_INVALID")
      return faultsOfError(error).map(describeFault);
    throw error;
  }
  return [];
}

const faultsOfEntry = (entry: object): string[] => faultsOf(JSON.stringify({ entries: { nightly: entry } }));

describe("a schedule", () => {
  it("has entries by name, with defaults", () => {
    const entries = { b: { ...HOURLY, timeZone: "Europe/Berlin", missed: "all", enabled: false }, a: HOURLY };
    const [a, b] = parseSchedule(JSON.stringify({ entries }));
    expect(a).toMatchObject({ name: "a", line: "0 * * * *", missed: "none", enabled: true, task: TASK });
    expect(b).toMatchObject({ name: "b", line: "0 * * * * Europe/Berlin", missed: "all", enabled: false });
    expect(parseSchedule('{"entries":{}}')).toEqual([]);
  });

  it("takes an order with a recipe that is not there yet, and work for a handler", () => {
    const entries = {
      order: { cron: "@daily", task: { source: "cat.jpg", recipe: "mine" } },
      work: { cron: "*/10 * * * * *", task: { handler: "mine", data: { deep: [1] }, dedupe: true } },
    };
    expect(parseSchedule(JSON.stringify({ entries })).map(({ name }) => name)).toEqual(["order", "work"]);
  });
});

describe("what is wrong with a schedule", () => {
  it.each([
    ["no JSON", "{", 'the file: expected one JSON object, got "{"'],
    ["no object", "[]", "the file: expected an object, got []"],
    ["no entries", "{}", "/entries: expected an object"],
    ["a list", '{"entries":[]}', "/entries: expected an object, got []"],
    [
      "a name with a dot",
      '{"entries":{"a.b":{"cron":"@daily","task":{"handler":"a"}}}}',
      "/entries/a.b: expected a name",
    ],
    ["a name that zod passes over", '{"entries":{"__proto__":1}}', "/entries/__proto__: expected a name"],
  ])("is told with the place: %s", (_what, text, told) => {
    expect(faultsOf(text)).toEqual([expect.stringContaining(told)]);
  });

  it.each([
    [{ task: TASK }, "/entries/nightly/cron: expected a string"],
    [{ ...HOURLY, cron: "0 25 * * *" }, "/entries/nightly/cron: expected a line of cron as 0 3 * * * (Invalid value"],
    [{ ...HOURLY, cron: "0 0 31 2 *" }, "/entries/nightly/cron: expected a line whose time comes"],
    [{ ...HOURLY, cron: "2027-01-01T00:00:00" }, "(a date comes only once)"],
    [{ ...HOURLY, timeZone: "Europe/Berln" }, '(did you mean "Europe/Berlin"?)'],
    [{ ...HOURLY, missed: "twice" }, '/entries/nightly/missed: expected one of "none", "once", "all"'],
    [{ ...HOURLY, enabled: "yes" }, "/entries/nightly/enabled: expected a boolean"],
    [
      { ...HOURLY, crn: 1 },
      '/entries/nightly/crn: expected one of cron, timeZone, missed, enabled, task, got 1 (did you mean "cron"?)',
    ],
    [{ ...HOURLY, task: [] }, "/entries/nightly/task: expected an object"],
    [{ ...HOURLY, task: {} }, "/entries/nightly/task/source: expected a string"],
    [
      { ...HOURLY, task: { ...TASK, outputs: [{ file: "cat.jpg" }] } },
      "/entries/nightly/task/outputs/0/file: expected a file",
    ],
    [{ ...HOURLY, task: { recipe: "no/name", source: "a.jpg" } }, "/entries/nightly/task/recipe: expected the name"],
    [{ ...HOURLY, task: { handler: "sync", dta: 1 } }, "/entries/nightly/task/dta: expected one of handler, data"],
  ])("is told with the place: %j", (entry, told) => {
    expect(faultsOfEntry(entry).join("\n")).toContain(told);
  });

  it("is told of all entries at once", () => {
    const entries = { a: { ...HOURLY, cron: "no" }, b: { ...HOURLY, timeZone: "no" }, c: { ...HOURLY, task: {} } };
    expect(faultsOf(JSON.stringify({ entries })).map((fault) => fault.split(":")[0])).toEqual([
      "/entries/a/cron",
      "/entries/b/timeZone",
      "/entries/c/task/source",
      "/entries/c/task/outputs",
    ]);
  });

  it("is that it has more than a thousand entries", () => {
    const entries = Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`e${index}`, HOURLY]));
    expect(faultsOf(JSON.stringify({ entries }))).toEqual(["/entries: expected at most 1000 entries"]);
  });
});
