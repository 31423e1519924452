import { describe, expect, it } from "vitest";
import { createPause } from "../../src/daemon/pause.ts";
import { SpooldError } from "../../src/errors.ts";

function pauseAt(clock: { nowMs: number }) {
  const events: string[] = [];
  const log = { event: (_level: string, name: string) => events.push(name), reopen() {}, dropped: () => 0, close() {} };
  return { pause: createPause(() => clock.nowMs, log), events };
}

describe("a pause", () => {
  it("holds the daemon back for a second, then twice as long each time, up to half a minute", () => {
    const clock = { nowMs: 0 };
    const { pause } = pauseAt(clock);
    const held: number[] = [];
    for (let round = 0; round < 7; round++) {
      pause.begin(new SpooldError("DISK_FULL"));
      held.push(pause.remainingMs());
      clock.nowMs += pause.remainingMs();
    }
    expect(held).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it("is not made longer by tasks that meet the same trouble at the same time", () => {
    const clock = { nowMs: 0 };
    const { pause } = pauseAt(clock);
    for (let task = 0; task < 4; task++) pause.begin(new SpooldError("DISK_FULL"));
    expect(pause.remainingMs()).toBe(1_000);
  });

  it("is told once, and once more when work goes on", () => {
    const clock = { nowMs: 0 };
    const { pause, events } = pauseAt(clock);
    for (let round = 0; round < 3; round++) {
      pause.begin(new SpooldError("DISK_FULL"));
      clock.nowMs += pause.remainingMs();
    }
    pause.end();
    pause.end();
    expect(events).toEqual(["daemon paused", "daemon resumed"]);
    expect(pause.because()).toBe(null);
    expect(pause.remainingMs()).toBeLessThanOrEqual(0);
  });

  it("is told anew when the trouble is another one", () => {
    const clock = { nowMs: 0 };
    const { pause, events } = pauseAt(clock);
    pause.begin(new SpooldError("DISK_FULL"));
    clock.nowMs += pause.remainingMs();
    pause.begin(new SpooldError("DISK_READ_ONLY"));
    expect(events).toEqual(["daemon paused", "daemon paused"]);
  });
});
