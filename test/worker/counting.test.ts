import { describe, expect, it } from "vitest";
import { countOutputs } from "../../src/worker/counting.ts";
import type { Progress } from "../../src/worker/protocol.ts";

/** Makes outputs that take so many ms each, and tells what was told of it. */
function progressOf(eachMs: readonly number[]): readonly Progress[] {
  const told: Progress[] = [];
  let nowMs = 5_000;
  const made = countOutputs({ monotonicMs: () => nowMs }, eachMs.length, (progress) => told.push(progress));
  for (const ms of eachMs) {
    nowMs += ms;
    made();
  }
  return told;
}

describe("the progress of a task on pictures", () => {
  it("is not told when the task is soon done", () => {
    expect(progressOf([100, 40, 20, 10])).toEqual([]);
  });

  it("is told as outputs are made, four times a second at most", () => {
    expect(progressOf([240, 20, 20, 300])).toEqual([
      { part: 0.5, text: "2 of 4 outputs" },
      { part: 1, text: "4 of 4 outputs" },
    ]);
  });
});
