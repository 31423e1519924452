import { array, assert, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { type Limits, type Trace, whatGoes } from "../../src/spool/prune/limits.ts";

const NOW = 1_000_000;
const NONE: Limits = { ageMs: null, count: null, bytes: null };

/** Receipts of tasks 1, 2, 3 ... that ended so many ms ago, of 10 bytes each. */
function ended(...agos: readonly number[]): readonly Trace[] {
  return agos.map((ago, index) => ({
    file: `${index + 1}.json`,
    number: index + 1,
    endedAtMs: NOW - ago,
    changedAtMs: 0,
    bytes: 10,
  }));
}

function going(traces: readonly Trace[], limits: Partial<Limits>): readonly (number | null)[] {
  return whatGoes(traces, { ...NONE, ...limits }, NOW).map(({ number }) => number);
}

describe("what goes when traces are pruned", () => {
  const traces = ended(300, 100, 400, 200);

  it.each<[string, Partial<Limits>, readonly number[]]>([
    ["nothing, without a limit", {}, []],
    ["what is as old as the age, oldest first", { ageMs: 300 }, [3, 1]],
    ["everything, at an age of 0", { ageMs: 0 }, [3, 1, 4, 2]],
    ["all but the newest, by count", { count: 3 }, [3]],
    ["all, at a count of 0", { count: 0 }, [3, 1, 4, 2]],
    ["none, when there is room for more", { count: 4, bytes: 40 }, []],
    ["the oldest, until the others fit", { bytes: 39 }, [3]],
    ["those of both, when two limits are set", { bytes: 29, count: 3 }, [3, 1]],
    ["what one limit wants gone, whatever the other has room for", { ageMs: 300, count: 4 }, [3, 1]],
    ["nothing that is younger than the least age", { count: 0, leastAgeMs: 300 }, [3, 1]],
  ])("is %s", (_what, limits, gone) => {
    expect(going(traces, limits)).toEqual(gone);
  });

  it("is the lower number of two that ended together", () => {
    expect(going(ended(5, 5, 5), { count: 1 })).toEqual([1, 2]);
  });

  it("is nothing that ends in the future, when only age counts: the clock was set back", () => {
    expect(going(ended(-50, 50), { ageMs: 0 })).toEqual([2]);
  });

  it("is in the order of the ends, to the millisecond, however many end in one second", () => {
    assert(
      property(array(integer({ min: -1, max: 5_000 }), { maxLength: 60 }), (agos) => {
        const goes = whatGoes(ended(...agos), { ...NONE, count: 0, leastAgeMs: -10 }, NOW);
        const sorted = ended(...agos).toSorted(
          (a, b) => a.endedAtMs - b.endedAtMs || (a.number ?? 0) - (b.number ?? 0),
        );
        expect(goes).toEqual(sorted);
      }),
    );
  });

  it("is told of a hundred thousand at once, also where one is larger than all room", () => {
    const many = ended(...Array.from({ length: 100_000 }, (_none, index) => 100_000 - index));
    expect(going(many, { count: 99_999 })).toEqual([1]);
    expect(going([...many.slice(0, 2), { ...(many[2] as Trace), bytes: 1_000 }], { bytes: 100 })).toEqual([1, 2, 3]);
  });
});
