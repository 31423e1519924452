import { describe, expect, it } from "vitest";
import { createWakeup } from "../../src/daemon/wakeup.ts";

describe("a wakeup", () => {
  it("ends a wait when it rings", async () => {
    const wakeup = createWakeup();
    const waiting = wakeup.wait(Number.POSITIVE_INFINITY);
    wakeup.ring();
    await waiting;
  });

  it("keeps a ring that came while nobody waited, but not a second one of it", async () => {
    const wakeup = createWakeup();
    wakeup.ring();
    wakeup.ring();
    await wakeup.wait(Number.POSITIVE_INFINITY);
    let ended = false;
    const second = wakeup.wait(Number.POSITIVE_INFINITY).then(() => {
      ended = true;
    });
    await Promise.resolve();
    expect(ended).toBe(false);
    wakeup.ring();
    await second;
  });

  it("ends by itself after the time given", async () => {
    await createWakeup().wait(5);
    await createWakeup().wait(0);
    await createWakeup().wait(-5);
  });
});
