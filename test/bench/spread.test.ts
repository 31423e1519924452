import { describe, expect, it } from "vitest";
import { spreadOf } from "./spread.ts";

describe("the spread of measurements", () => {
  it("is the middle one of an odd number, whatever their order", () => {
    expect(spreadOf([30, 1, 2])).toEqual({ median: 2, min: 1, max: 30 });
    expect(spreadOf([7])).toEqual({ median: 7, min: 7, max: 7 });
  });

  it("is the mean of the middle two of an even number", () => {
    expect(spreadOf([4, 1, 3, 10])).toEqual({ median: 3.5, min: 1, max: 10 });
  });

  it("orders numbers by their value, not as text", () => {
    expect(spreadOf([9, 100, 20]).median).toBe(20);
  });

  it("does not exist without measurements", () => {
    expect(() => spreadOf([])).toThrow(RangeError);
  });
});
