import { describe, expect, it } from "vitest";
import { describeDue, describeProgress } from "../../src/cli/describe-spool.ts";

describe("the words for a spool", () => {
  it("say how far a task is as far as it tells", () => {
    expect(describeProgress({ progress: { part: 0.404, text: "decoding" } })).toBe("40 % decoding");
    expect(describeProgress({ progress: { part: 1, text: null } })).toBe("100 %");
    expect([describeProgress({ progress: null }), describeProgress({})]).toEqual(["", ""]);
  });

  it("say when something is due", () => {
    expect(describeDue(5_000, 5_000)).toBe("now");
    expect(describeDue(65_000, 5_000)).toBe("in 1 min");
  });
});
