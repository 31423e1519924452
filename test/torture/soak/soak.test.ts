import { describe, expect, it } from "vitest";
import { newDirectory } from "../../support/directories.ts";
import { growthFaults } from "./growth.ts";
import type { Sample } from "./samples.ts";
import { runSoak, type SoakPlan } from "./soak.ts";

const SHORT: SoakPlan = {
  ...{ lengthMs: 1_600, gapMs: 800, faults: ["producerKilled", "logRotated"] },
  ...{ sampleMs: 200, quietMs: 200, pauseMs: 250 },
};
const HOUR_MS = 3_600_000;

/** One a minute, for an hour. */
function samplesOf(rssMibAt: (minute: number) => number): readonly Sample[] {
  return Array.from({ length: 60 }, (_, minute) => ({
    ...{ atMs: minute * 60_000, rssMib: rssMibAt(minute), privateMib: 1, descriptors: 20, watches: 3 },
  }));
}

describe("a daemon under mixed load", () => {
  it("goes on through faults, loses nothing, and has as many descriptors and watches as before", {
    timeout: 400_000,
  }, async () => {
    const given = { directory: await newDirectory(), seed: 7, rounds: 1, say: () => undefined };
    const keep = (name: string): Promise<string> => Promise.resolve(name);
    const { faults, counts, figures } = await runSoak({ ...given, keep }, SHORT);
    expect(faults).toEqual([]);
    expect(counts["delivered"]).toEqual({ producerKilled: 1, logRotated: 1 });
    expect(counts["checked"]?.["done"]).toBeGreaterThan(10);
    expect(figures["watchesAtRest"]).toBeGreaterThan(2);
  });
});

describe("a daemon that grows", () => {
  it("is found by a slope that noise and single peaks do not move", () => {
    const noise = (minute: number): number => 100 + ((minute * 7) % 5) + (minute % 13 === 0 ? 40 : 0);
    expect(growthFaults(samplesOf(noise), [], HOUR_MS)).toEqual([]);
    const growing = samplesOf((minute) => noise(minute) + minute / 15);
    expect(growthFaults(growing, [], HOUR_MS)).toEqual([expect.stringMatching(/memory grew by [34]\.\d MiB an hour/)]);
    // What it takes to come to its size is its own affair.
    const young = samplesOf((minute) => noise(minute) - Math.max(0, 15 - minute) * 5);
    expect(growthFaults(young, [], HOUR_MS)).toEqual([]);
  });

  it("is found by its descriptors and watches at rest", () => {
    const [first, second, third] = samplesOf(() => 100) as [Sample, Sample, Sample];
    const more = [first, { ...second, descriptors: 21 }, { ...third, watches: 4 }];
    expect(growthFaults([], more, 0)).toEqual([
      "at rest 1 there were 21 descriptors, and 20 at the first one",
      "at rest 2 there were 4 watches, and 3 at the first one",
    ]);
  });
});
