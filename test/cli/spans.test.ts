import { describe, expect, it } from "vitest";
import { readSpan, readTimeout } from "../../src/cli/spans.ts";

describe("a span of time", () => {
  it.each([
    ["30s", 30_000],
    ["10m", 600_000],
    ["2h", 7_200_000],
    ["1d", 86_400_000],
    ["2w", 1_209_600_000],
    ["0s", 0],
    ["250ms", 250],
  ])("is written %s: %i ms", (text, ms) => {
    expect([readSpan(text), readTimeout(text)]).toEqual([ms, ms]);
  });

  it("has a unit, but for a time limit, which may be ms alone", () => {
    for (const text of ["10", "1.5h", "-1s", "1 d", "1y", "", "s", "1D"]) expect(() => readSpan(text)).toThrow("30s");
    expect(readTimeout("10")).toBe(10);
    expect(() => readTimeout("10x")).toThrow("30s");
  });
});
