import { describe, expect, it } from "vitest";
import { meets, short, textOf } from "./report.ts";

const spread = (median: number) => ({ median, min: median - 0.1, max: median + 0.1 });

describe("a report as text", () => {
  const ratio = { kind: "ratio" as const, unit: "pictures/s", ours: spread(30), theirs: spread(20) };
  const text = textOf("gallery", {
    figures: [
      { ...ratio, what: "12 MP", ratio: spread(1.5), demanded: { atLeast: 2 } },
      { ...ratio, what: "6 MP", ratio: spread(1.5), demanded: { atLeast: 1.3 } },
      { kind: "value", what: "start", unit: "ms", value: spread(340) },
    ],
    details: [{ title: "more", columns: ["a", "b"], rows: [["x", 1]] }],
    notes: ["a noisy machine"],
  });

  it("shows what is demanded beside what was measured", () => {
    expect(text).toMatch(/^12 MP +pictures\/s +30\.0 +20\.0 +1\.50 +1\.40–1\.60 +>= 2 NOT MET$/m);
    expect(text).toMatch(/^6 MP .* 1\.50 .* >= 1\.3 met$/m);
  });

  it("demands nothing where nothing is demanded, and ends with the details and the notes", () => {
    expect(text).toMatch(/^start +ms +340 +340–340$/m);
    expect(text).toMatch(/^more\na +b\nx +1\n\nnote: a noisy machine\n$/m);
  });

  it("holds no escape sequences, for it ends up in files", () => {
    expect(text).not.toContain("\u001b");
  });
});

describe("a demand", () => {
  it("is met by the median, at the bound too", () => {
    expect(meets({ atLeast: 2 }, spread(2))).toBe(true);
    expect(meets({ atLeast: 2 }, spread(1.99))).toBe(false);
    expect(meets({ atMost: 2 }, spread(2))).toBe(true);
    expect(meets({ atMost: 2 }, spread(2.01))).toBe(false);
  });
});

describe("a number in a table", () => {
  it("has three digits that count", () => {
    expect([0.01234, 0.5, 1.234, 12.34, 123.4, 12_345, 0].map(short)).toEqual([
      ...["0.0123", "0.500", "1.23", "12.3", "123", "12345", "0.000"],
    ]);
  });
});
