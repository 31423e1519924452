import { describe, expect, it } from "vitest";
import { chance } from "../../support/scenery/chance.ts";
import { kindOf, strikesAt } from "./plan.ts";

describe("a kind of calls", () => {
  it("is the same for other numbers, keys, times and temporaries", () => {
    expect(kindOf("rename", "spool/active/42.p5.a1.json")).toBe("rename spool/active/N.pN.aN.json");
    expect(kindOf("fsync", "spool/tmp/00000000-0000-4000-8000-000000000012.json")).toBe("fsync spool/tmp/*.json");
    expect(kindOf("unlink", `spool/run/dedupe/${"0a".repeat(32)}`)).toBe("unlink spool/run/dedupe/KEY");
    expect(kindOf("rename", "out/.spoold-1a2b3c4d-7-a1-0.tmp.early")).toBe("rename out/.*.tmp.early");
    expect(kindOf("rename", "out/cat-800.jpg")).toBe("rename out/FILE");
  });
});

describe("a plan", () => {
  const targets = ["a", "a", "a", "b"].map((kind, index) => ({ call: "link", path: `${kind}${index}`, nth: 1, kind }));

  it("in full meets each call before it is made, and of each kind one when it is done", () => {
    const strikes = strikesAt(targets, { isFull: true, most: 0, random: chance(1) });
    expect(strikes.filter(({ when }) => when === "before").map(({ address }) => address)).toEqual(targets);
    expect(strikes.flatMap(({ when, address }) => (when === "after" ? address.kind : [])).sort()).toEqual(["a", "b"]);
  });

  it("else meets each kind, and as many as it may", () => {
    const strikes = strikesAt(targets, { isFull: false, most: 3, random: chance(1) });
    expect(strikes).toHaveLength(3);
    expect(new Set(strikes.map(({ address }) => address.kind))).toEqual(new Set(["a", "b"]));
  });
});
