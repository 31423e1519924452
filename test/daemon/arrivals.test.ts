import { describe, expect, it } from "vitest";
import { createArrivals } from "../../src/daemon/arrivals.ts";

/** What may be taken of each listing. */
function taken(...listings: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const arrivals = createArrivals();
  return listings.map((numbers) => numbers.filter(arrivals.listed(numbers, Math.max(0, ...numbers))));
}

describe("a number that a listing shows", () => {
  it("is certain at once when it follows on what was seen before", () => {
    expect(taken([1], [], [2, 3], [4])).toEqual([[1], [], [2, 3], [4]]);
  });

  it("waits for the next listing when one may be missing before it", () => {
    expect(taken([1], [3], [2, 3])).toEqual([[1], [], [2, 3]]);
    expect(taken([5000], [5000], [], [5001], [5003], [5003])).toEqual([[], [5000], [], [5001], [], [5003]]);
  });

  it("is certain up to the gap", () => {
    expect(taken([1, 2, 4, 5], [4, 5])).toEqual([
      [1, 2],
      [4, 5],
    ]);
  });

  it("is not taken for certain because of one far above it that is gone", () => {
    expect(taken([1], [900_000], [900_000], [], [3], [2, 3])).toEqual([[1], [], [900_000], [], [], [2, 3]]);
  });
});
