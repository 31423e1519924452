import { describe, expect, it } from "vitest";
import { createSettler } from "../../src/spool/settle.ts";

const FILE = { inode: 1n, size: 10n, mtimeNs: 100n };

describe("a settling drop", () => {
  it("has been quiet since it was first seen in this state", () => {
    const settler = createSettler();
    expect([500, 900, 1_500].map((nowMs) => settler.look("a", FILE, nowMs))).toEqual([0, 400, 1_000]);
  });

  it("begins anew when its inode, size or mtime changes", () => {
    for (const change of [{ inode: 2n }, { size: 11n }, { mtimeNs: 101n }]) {
      const settler = createSettler();
      settler.look("a", FILE, 0);
      expect(settler.look("a", { ...FILE, ...change }, 1_000)).toBe(0);
      expect(settler.look("a", { ...FILE, ...change }, 1_200)).toBe(200);
    }
  });

  it("is watched apart from others, and forgotten when it has gone", () => {
    const settler = createSettler();
    settler.look("a", FILE, 0);
    settler.look("b", FILE, 5);
    settler.keepOnly(new Set(["b", "c"]));
    expect(settler.size()).toBe(1);
    expect(settler.look("a", FILE, 100)).toBe(0);
    expect(settler.look("b", FILE, 105)).toBe(100);
  });
});
