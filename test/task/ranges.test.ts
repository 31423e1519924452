import { array, assert, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { countOf, isInRanges, rangesOf, spellRanges, unionOf } from "../../src/task/ranges.ts";

const numbers = array(integer({ min: 1, max: 60 }), { maxLength: 40 });

describe("ranges", () => {
  it("hold the numbers that they were made of, and no others", () => {
    assert(
      property(numbers, (some) => {
        const ranges = rangesOf(some);
        for (let number = 0; number <= 61; number++) expect(isInRanges(ranges, number)).toBe(some.includes(number));
        expect(countOf(ranges)).toBe(new Set(some).size);
      }),
    );
  });

  it("are as few as can be, lowest first", () => {
    expect(rangesOf([7, 1, 3, 2, 2, 10])).toEqual([
      [1, 3],
      [7, 7],
      [10, 10],
    ]);
    assert(
      property(numbers, numbers, (some, others) => {
        expect(unionOf(rangesOf(some), rangesOf(others))).toEqual(rangesOf([...some, ...others]));
      }),
    );
  });

  it("hold numbers as large as a task may have", () => {
    const last = Number.MAX_SAFE_INTEGER;
    expect(rangesOf([last, 1, last - 1])).toEqual([
      [1, 1],
      [last - 1, last],
    ]);
  });

  it("are spelled for people", () => {
    expect([spellRanges(rangesOf([1, 2, 3, 6])), spellRanges([])]).toEqual(["1-3, 6", ""]);
  });
});
