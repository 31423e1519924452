import { describe, expect, it } from "vitest";
import { createTally } from "../../src/daemon/tally.ts";

describe("a tally", () => {
  it("counts ends since the start, and tells how many there were in the last minute", () => {
    let nowMs = 5_000;
    const tally = createTally(() => nowMs);
    expect(tally.rate()).toEqual({ perMinute: 0, lastMinute: 0 });
    for (let second = 0; second < 150; second++) {
      tally.note("done");
      tally.note("failed", 2);
      nowMs += 1_000;
    }
    expect([tally.done(), tally.failed()]).toEqual([150, 300]);
    // The second that has just begun is one of the sixty.
    expect(tally.rate()).toEqual({ perMinute: 59 * 3, lastMinute: 59 * 3 });
    nowMs += 30_000;
    expect(tally.rate()).toEqual({ perMinute: 29 * 3, lastMinute: 29 * 3 });
    nowMs += 3_600_000;
    expect(tally.rate()).toEqual({ perMinute: 0, lastMinute: 0 });
  });

  it("tells the rate of a daemon that is younger than a minute by the time it had", () => {
    let nowMs = 0;
    const tally = createTally(() => nowMs);
    tally.note("done", 5);
    expect(tally.rate()).toEqual({ perMinute: 300, lastMinute: 5 });
    nowMs = 10_000;
    tally.note("done", 5);
    expect(tally.rate()).toEqual({ perMinute: 60, lastMinute: 10 });
  });
});
