import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createNumberSet } from "../../src/spool/number-set.ts";

const number = fc.oneof(fc.nat(5_000), fc.maxSafeNat());

describe("a set of numbers", () => {
  it("holds what a Set would hold, whatever is added and removed", () => {
    const step = fc.tuple(fc.constantFrom("add" as const, "delete" as const), number);
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const [mine, other] = [createNumberSet(), new Set<number>()];
        for (const [verb, each] of steps) {
          mine[verb](each);
          other[verb](each);
        }
        expect([...mine.values()].sort((a, b) => a - b)).toEqual([...other].sort((a, b) => a - b));
        for (const [, each] of steps) expect(mine.has(each)).toBe(other.has(each));
      }),
    );
  });

  it("takes a few bits for each of many numbers in a row, and nothing once they are gone", () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const taken = (): number => {
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const set = createNumberSet();
    const before = taken();
    for (let each = 1; each <= 1_000_000; each++) set.add(each);
    expect(taken() - before).toBeLessThan(1_000_000);
    for (let each = 1; each <= 1_000_000; each++) set.delete(each);
    // The runtime itself takes some tens of kilobytes meanwhile.
    expect(taken() - before).toBeLessThan(300_000);
    expect([...set.values()]).toEqual([]);
  });
});
