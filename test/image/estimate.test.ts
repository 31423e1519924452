import { describe, expect, it } from "vitest";
import { estimateMib } from "../../src/image/estimate.ts";
import type { Header } from "../../src/image/header.ts";
import { planOutputs } from "../../src/image/plan.ts";
import type { Storage } from "../../src/image/storage.ts";
import type { Output } from "../../src/task/task.ts";
import { DEFAULT_LIMITS } from "../support/limits.ts";

const HEADER: Header = { format: "jpeg", width: 4_000, height: 3_000, orientation: 1, isPlain: true };
const STORAGE: Storage = { bytes: 3_000_000, channels: 3, bytesPerChannel: 1, isProgressive: false };
const SMALL: Output = { file: "a.jpg", width: 500 };

function mib(outputs: readonly Output[], header: Partial<Header> = {}, storage: Partial<Storage> = {}): number {
  const whole = { ...HEADER, ...header };
  return estimateMib(planOutputs(outputs, whole, DEFAULT_LIMITS), whole, { ...STORAGE, ...storage });
}

describe("the memory estimated for a task", () => {
  it("is little more than a worker's own for a thumbnail of a plain JPEG, however large that is", () => {
    expect(mib([SMALL])).toBeLessThan(100);
    expect(mib([SMALL], { width: 20_000, height: 15_000 })).toBeLessThan(100);
  });

  it.each<[string, Partial<Header>, Partial<Storage>]>([
    ["a progressive JPEG", {}, { isProgressive: true }],
    ["an interlaced PNG", { format: "png" }, { isProgressive: true }],
    ["an AVIF", { format: "avif" }, {}],
    ["a GIF", { format: "gif" }, {}],
    ["16 bits a channel", { format: "png", isPlain: false }, { bytesPerChannel: 2 }],
  ])("is more where the decoder holds more of it: %s", (_what, header, storage) => {
    expect(mib([SMALL], header, storage)).toBeGreaterThan(mib([SMALL]) + 20);
  });

  it("is more for a picture that must be turned, and for one that has steps", () => {
    const full = [{ file: "a.jpg" }];
    expect(mib(full, { orientation: 6 })).toBeGreaterThan(mib(full) + 20);
    expect(mib([{ file: "a.jpg", steps: [{ flip: true }] }])).toBeGreaterThan(mib(full) + 20);
  });

  it("grows with the source's bytes, with the pixels kept for others, and with the frames of an animation", () => {
    expect(mib([SMALL], {}, { bytes: 100_000_000 })).toBeGreaterThan(mib([SMALL]) + 90);
    const pair = [
      { file: "a.png", width: 3_000 },
      { file: "b.png", width: 1_500 },
    ];
    expect(mib(pair)).toBeGreaterThan(mib(pair.slice(0, 1)));
    const moving = [{ file: "a.gif", width: 500 }];
    expect(mib(moving, { format: "gif", frames: 9 })).toBeGreaterThan(mib(moving, { format: "gif" }) + 200);
  });

  it.each<[Output, Output]>([
    [{ file: "a.avif" }, { file: "a.webp" }],
    [{ file: "a.webp", encode: { lossless: true } }, { file: "a.webp" }],
    [{ file: "a.png", encode: { palette: true } }, { file: "a.png" }],
  ])("is more for %j than for %j", (more, less) => {
    expect(mib([more])).toBeGreaterThan(mib([less]));
  });
});
