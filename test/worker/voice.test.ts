import { beforeEach, describe, expect, it, vi } from "vitest";
import { createVoice, type Voice } from "../../src/worker/handlers/voice.ts";
import type { Line, Progress } from "../../src/worker/protocol.ts";

let nowMs: number;
let progress: Progress[];
let lines: Line[];
let voice: Voice;

beforeEach(() => {
  nowMs = 1_000;
  progress = [];
  lines = [];
  voice = createVoice(
    { monotonicMs: () => nowMs },
    { rendered: () => undefined, progress: (each) => progress.push(each), says: (each) => lines.push(each) },
  );
});

describe("the progress of a handler", () => {
  it("is told at once, cut to what it may be", () => {
    voice.progress(7, "x".repeat(1_000));
    expect(progress).toEqual([{ part: 1, text: "x".repeat(200) }]);
  });

  it.each([Number.NaN, "0.5", undefined, null, 1n])("is not told when it is no number: %s", (part) => {
    voice.progress(part as number, "text");
    expect(progress).toEqual([]);
  });

  it("is told ten times a second at most, and then the latest", () => {
    vi.useFakeTimers();
    try {
      for (let part = 0; part <= 1; part += 0.001) voice.progress(part, `${part}`);
      expect(progress).toEqual([{ part: 0, text: "0" }]);
      nowMs += 100;
      vi.advanceTimersByTime(100);
      expect(progress).toHaveLength(2);
      expect(progress[1]?.part).toBeCloseTo(1, 2);
    } finally {
      vi.useRealTimers();
    }
  });

  it("is not told any more after its end", () => {
    vi.useFakeTimers();
    try {
      voice.progress(0);
      voice.progress(0.5);
      voice.end();
      vi.advanceTimersByTime(1_000);
      voice.progress(1);
      voice.log("too late");
      expect([progress, lines]).toEqual([[{ part: 0, text: null }], []]);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("a line of a handler", () => {
  it("is cut, and its fields are told as cut when they are too long or no JSON", () => {
    const circle: Record<string, unknown> = {};
    circle["circle"] = circle;
    voice.log("x".repeat(5_000), { a: 1 });
    voice.log("long", { text: "y".repeat(5_000) });
    voice.log("round", circle);
    voice.log(7 as unknown as string);
    expect(lines).toEqual([
      { text: "x".repeat(1_024), fields: '{"a":1}', dropped: 0 },
      { text: "long", fields: JSON.stringify({ cut: `{"text":"${"y".repeat(1_015)}` }), dropped: 0 },
      { text: "round", fields: '{"cut":"object"}', dropped: 0 },
      { text: "number", fields: null, dropped: 0 },
    ]);
  });

  it("is left out when there are too many, and the next one says how many were", () => {
    for (let count = 0; count < 1_000; count++) voice.log(`${count}`);
    expect(lines.map(({ text }) => text)).toEqual(Array.from({ length: 20 }, (_none, index) => `${index}`));
    nowMs += 100;
    voice.log("after");
    expect(lines.at(-1)).toEqual({ text: "after", fields: null, dropped: 980 });
    voice.log("too soon");
    expect(lines).toHaveLength(21);
    nowMs += 60_000;
    for (let count = 0; count < 100; count++) voice.log("again");
    expect(lines).toHaveLength(41);
  });
});
