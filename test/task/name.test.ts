import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  activeName,
  compareEntries,
  deferredName,
  type EntryName,
  readName,
  reasonName,
  receiptName,
  waitingName,
} from "../../src/task/name.ts";

const entries: fc.Arbitrary<EntryName> = fc.record({
  number: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  priority: fc.integer({ min: 0, max: 100 }),
  attempt: fc.integer({ min: 1, max: 999_999 }),
  dueAtMs: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
});

function task(number: number, rest: Partial<EntryName> = {}): object {
  return { kind: "task", entry: { number, priority: 0, attempt: 1, dueAtMs: 0, ...rest } };
}

const unnumbered = { kind: "unnumbered" };
const foreign = { kind: "foreign" };
const temporary = { kind: "temporary" };

describe("a name that spoold writes", () => {
  it("is read back as what it was written from", () => {
    fc.assert(
      fc.property(entries, (entry) => {
        const { number, priority, attempt } = entry;
        expect(readName(waitingName(entry))).toEqual(task(number, { priority }));
        expect(readName(activeName(entry))).toEqual(task(number, { priority, attempt }));
        expect(readName(deferredName(entry))).toEqual({ kind: "task", entry });
        expect(readName(receiptName(number))).toEqual(task(number));
        expect(readName(reasonName(number))).toEqual({ kind: "reason", number });
      }),
    );
  });

  it("is the shortest one that tells everything", () => {
    const entry = { number: 42, priority: 0, attempt: 2, dueAtMs: 1_795_251_600_000 };
    expect(waitingName(entry)).toBe("42.json");
    expect(activeName(entry)).toBe("42.a2.json");
    expect(deferredName({ ...entry, priority: 5 })).toBe("1795251600000.42.p5.a2.json");
    expect([receiptName(42), reasonName(42), reasonName("x.json")]).toEqual([
      "42.json",
      "42.reason.json",
      "x.json.reason.json",
    ]);
  });
});

describe("a name found in a spool", () => {
  it.each([
    ["42", task(42)],
    ["042", task(42)],
    ["42.json", task(42)],
    ["0042.json", task(42)],
    ["00000000000000000000042.json", task(42)],
    ["42.p5.json", task(42, { priority: 5 })],
    ["42.p100.json", task(42, { priority: 100 })],
    ["42.a3.json", task(42, { attempt: 3 })],
    ["42.p5.a1.json", task(42, { priority: 5 })],
    ["1795251600000.42.a2.json", task(42, { attempt: 2, dueAtMs: 1_795_251_600_000 })],
    ["1795251600000.42.p7.a2.json", task(42, { priority: 7, attempt: 2, dueAtMs: 1_795_251_600_000 })],
    ["9007199254740991.json", task(Number.MAX_SAFE_INTEGER)],
    ["42.reason.json", { kind: "reason", number: 42 }],
    ["9007199254740993.json", unnumbered],
    ["9007199254740993.42.a2.json", unnumbered],
    ["12.42.json", unnumbered],
    ["0.json", unnumbered],
    ["42.p101.json", unnumbered],
    ["42.a0.json", unnumbered],
    ["42.a1.p5.json", unnumbered],
    ["note.json", unnumbered],
    ["-1.json", unnumbered],
    ["1e3.json", unnumbered],
    ["4.2.json", unnumbered],
    [" 42.json", unnumbered],
    ["42 .json", unnumbered],
    ["42\n.json", unnumbered],
    ["٤٢.json", unnumbered],
    ["４２.json", unnumbered],
    ["__proto__.json", unnumbered],
    ["42.json\n", foreign],
    ["42\n", foreign],
    ["42.JSON", foreign],
    ["readme.txt", foreign],
    ["0", foreign],
    ["٤٢", foreign],
    ["9007199254740993", foreign],
    ["", foreign],
    [".42.json", temporary],
    [".", temporary],
    ["42~", temporary],
    ["42.json~", temporary],
    ["42.json.tmp", temporary],
    ["42.json.part", temporary],
    [".42.json.swp", temporary],
  ])("%j is read as %j", (name, expected) => {
    expect(readName(name)).toEqual(expected);
  });

  it("is never an error, and a task in it always has a sane number", () => {
    const likely = fc.stringMatching(/^\.?\d{0,20}\.?\d{0,20}(\.p\d{0,4})?(\.a\d{0,8})?(\.reason)?(\.json)?[~\n]?$/);
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), likely), (name) => {
        const read = readName(name);
        if (read.kind === "reason") expect(read.number ?? 1).toBeGreaterThan(0);
        if (read.kind !== "task") return;
        expect(Number.isSafeInteger(read.entry.number) && read.entry.number >= 1).toBe(true);
        expect(readName(deferredName(read.entry))).toEqual(read);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("the order of tasks", () => {
  it("is higher priority first, then lower number, whatever the attempt", () => {
    const names = ["10.json", "9.json", "100.p5.json", "2.a3.json", "1.p5.json", "3.p100.json"];
    const read = names.map(readName).flatMap((name) => (name.kind === "task" ? [name.entry] : []));
    expect(read.toSorted(compareEntries).map(waitingName)).toEqual([
      "3.p100.json",
      "1.p5.json",
      "100.p5.json",
      "2.json",
      "9.json",
      "10.json",
    ]);
  });

  it("is total: no two numbers are equal, and turning the question round turns the answer", () => {
    fc.assert(
      fc.property(entries, entries, (a, b) => {
        expect(Math.sign(compareEntries(a, b)) + Math.sign(compareEntries(b, a))).toBe(0);
        if (a.number !== b.number) expect(compareEntries(a, b)).not.toBe(0);
      }),
    );
  });
});
