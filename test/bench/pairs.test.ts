import { describe, expect, it } from "vitest";
import { compare, runPairs } from "./pairs.ts";

describe("contestants that are compared", () => {
  it("take turns, and the first turn of each only warms up", async () => {
    const calls: string[] = [];
    const contestants = {
      ours: async () => calls.push("ours"),
      theirs: async () => calls.push("theirs"),
    };
    const pairs = await runPairs(2, contestants);
    expect(calls).toEqual(["ours", "theirs", "ours", "theirs", "ours", "theirs"]);
    expect(pairs).toEqual([
      { ours: 3, theirs: 4 },
      { ours: 5, theirs: 6 },
    ]);
  });

  it("never run at once", async () => {
    let running = 0;
    const alone = async (): Promise<number> => {
      running += 1;
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return running;
    };
    const pairs = await runPairs(3, { ours: alone, theirs: alone });
    expect(pairs.flatMap(({ ours, theirs }) => [ours, theirs])).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("are compared within each pair, so that a slow moment of the machine changes no ratio", () => {
    const pairs = [
      { ours: 20, theirs: 10 },
      { ours: 2, theirs: 1 },
      { ours: 90, theirs: 30 },
    ];
    const { ours, theirs, ratio } = compare(
      pairs,
      (rate) => rate,
      (rate) => rate,
    );
    expect(ratio).toEqual({ median: 2, min: 2, max: 3 });
    expect([ours.median, theirs.median]).toEqual([20, 10]);
  });
});
