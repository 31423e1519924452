import { describe, expect, it } from "vitest";
import { requireBounded } from "../../src/image/bounds.ts";
import type { Output } from "../../src/task/task.ts";

const LANDSCAPE = { format: "jpeg", width: 4_000, height: 1_000, orientation: 1, isPlain: true };

/** What a limit says to an output of a landscape of 4000x1000; null when it lets it pass. */
function sidesRefused(output: Partial<Output>, maxOutputSide = 2_000, header = LANDSCAPE): object | null {
  try {
    const limits = { maxInputFrames: 1_000, maxOutputSide };
    requireBounded({ file: "a.png", ...output }, header, { frames: 1, limits });
    return null;
  } catch (error) {
    return error as object;
  }
}

describe("the longest side of an output", () => {
  it.each([
    ["is asked for", { width: 2_000, height: 2_000 }, { width: 2_001, height: 1 }],
    ["follows from the other", { height: 500 }, { height: 501 }],
    ["fits inside", { width: 2_000, height: 9_000, fit: "inside" }, { width: 2_001, height: 9_000, fit: "inside" }],
    ["reaches outside", { width: 10, height: 500, fit: "outside" }, { width: 10, height: 501, fit: "outside" }],
    ["is one of two that are distorted", { width: 2_000, fit: "fill" }, { height: 2_001, fit: "fill" }],
    ["is padded", { width: 2_000, height: 2_000, fit: "contain" }, { width: 2_000, height: 2_001, fit: "contain" }],
  ] as const)("is bounded when it %s", (_how, passes, fails) => {
    expect(sidesRefused(passes)).toBeNull();
    expect(sidesRefused(fails)).toMatchObject({ code: "OUTPUT_TOO_LARGE", facts: { file: "a.png", limit: 2_000 } });
  });

  it("is bounded too when the output keeps the source's, or may not be larger than it", () => {
    expect(sidesRefused({}, 4_000)).toBeNull();
    expect(sidesRefused({}, 3_999)).toMatchObject({ facts: { width: 4_000, height: 1_000, limit: 3_999 } });
    expect(sidesRefused({ width: 9_000, withoutEnlargement: true }, 4_000)).toBeNull();
    expect(sidesRefused({ width: 10, withoutReduction: true }, 3_999)).toMatchObject({ facts: { width: 4_000 } });
  });

  it("is told when it would follow beyond every measure", () => {
    const line = { ...LANDSCAPE, width: 1, height: 5_000 };
    for (const size of [{ width: 16_383 }, { width: 16_383, height: 1, fit: "outside" as const }])
      expect(sidesRefused(size, 16_383, line)).toMatchObject({ facts: { width: 16_383, height: 81_915_000 } });
  });
});
