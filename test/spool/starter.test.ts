import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AutostartOptions, SpooldError } from "../../src/index.ts";
import { createStarter } from "../../src/spool/autostart.ts";
import { acquireDaemonLock } from "../../src/spool/daemon-lock.ts";
import { layoutOf } from "../../src/spool/layout.ts";
import { realSystem } from "../../src/system.ts";
import { freshPlace } from "../support/autostart.ts";
import { until } from "../support/daemon.ts";
import { newSpool, put } from "../support/directories.ts";

describe("a starter", () => {
  it.each([
    ["nothing waits", []],
    ["what lies in tasks/ is no task", ["tasks/note.txt", "tasks/cat.json.part", "tasks/.hidden.json"]],
    ["all that waits is not due", ["deferred/9999999999999.1.a1.json"]],
    ["the spool is paused", ["tasks/1.json", "PAUSE"]],
  ])("starts nothing when %s", async (_when, files) => {
    const { layout, wake, starts } = await fakeStarts();
    for (const file of files) await put(join(layout.root, file));
    await wake();
    expect(starts()).toBe(0);
  });

  it("makes no spool where there is none, and looks into one that is damaged no longer than to say so", async () => {
    const place = await freshPlace();
    const errors: SpooldError[] = [];
    const options = { onError: (error: SpooldError) => void errors.push(error) };
    const starter = createStarter(realSystem(), layoutOf(place.spool));
    await starter.wake(options);
    expect([errors, await readdir(place.directory)]).toEqual([[], ["out", "quick.jpg"]]);
    await mkdir(join(place.spool, "tasks"), { recursive: true });
    await writeFile(join(place.spool, "tasks/1.json"), "{}");
    await starter.wake(options);
    expect(errors).toMatchObject([{ code: "AUTOSTART_FAILED" }]);
  });

  it("starts none while a daemon owns the spool", async () => {
    const { layout, wake, starts } = await fakeStarts();
    await put(join(layout.tasks, "1.json"));
    const lock = await acquireDaemonLock(realSystem(), layout, () => undefined);
    await wake();
    expect(starts()).toBe(0);
    await lock.release();
    await wake();
    expect(starts()).toBe(1);
  });

  it("does not start daemon after daemon for what none can run yet, and does at once when something new comes", async () => {
    const { layout, clock, wake, starts, end } = await fakeStarts();
    await put(join(layout.tasks, "1.json"));
    const counts: number[] = [];
    for (const laterMs of [0, 0, 0, 999, 1, 1_999, 1, 3_999, 1]) {
      clock.nowMs += laterMs;
      await wake();
      counts.push(starts());
      await end();
    }
    // Once more at once, then after 1 s, 2 s, 4 s.
    expect(counts).toEqual([1, 2, 2, 2, 3, 3, 4, 4, 5]);
    await put(join(layout.tasks, "2.json"));
    await wake();
    expect(starts()).toBe(6);
    await rm(join(layout.tasks, "1.json"));
    await rm(join(layout.tasks, "2.json"));
    await end();
    await put(join(layout.tasks, "3.json"));
    await wake();
    await end();
    await wake();
    expect(starts()).toBe(8);
  });

  it("comes back by itself to what waits when it was asked too early", async () => {
    const { layout, clock, wake, starts, end } = await fakeStarts();
    await put(join(layout.tasks, "1.json"));
    for (let count = 0; count < 2; count++) {
      await wake();
      await end();
    }
    clock.nowMs += 999.9;
    await wake();
    expect(starts()).toBe(2);
    clock.nowMs += 1;
    await until(() => starts() === 3);
  });

  it("looks again when its daemon has ended, if it was asked meanwhile: that one may have been at its end", async () => {
    const { layout, wake, starts, end } = await fakeStarts();
    await put(join(layout.tasks, "1.json"));
    await Promise.all([wake(), wake(), wake()]);
    expect(starts()).toBe(1);
    await end();
    expect(starts()).toBe(2);
    await rm(join(layout.tasks, "1.json"));
    await end();
    await put(join(layout.tasks, "2.json"));
    expect(starts()).toBe(2);
    await wake();
    expect(starts()).toBe(3);
  });

  it("does not start daemon after daemon when they break down, whatever comes in", async () => {
    const { layout, clock, wake, starts, end } = await fakeStarts();
    const counts: number[] = [];
    for (const [index, laterMs] of [0, 0, 0, 999, 1].entries()) {
      await put(join(layout.tasks, `${index + 1}.json`));
      clock.nowMs += laterMs;
      await wake({ onError: () => undefined });
      counts.push(starts());
      await end(78);
    }
    expect(counts).toEqual([1, 2, 2, 2, 3]);
  });

  it("starts anew after one that could not be started", async () => {
    const { layout, wake, starts, refuse } = await fakeStarts();
    await put(join(layout.tasks, "1.json"));
    const errors: SpooldError[] = [];
    refuse(true);
    await wake({ onError: (error) => errors.push(error) });
    expect([starts(), errors]).toEqual([0, [expect.objectContaining({ code: "RESOURCES_SHORT" })]]);
    refuse(false);
    await wake();
    expect(starts()).toBe(1);
  });
});

/** A starter with daemons that are none: they do nothing, and end when they are told to. */
async function fakeStarts() {
  const layout = await newSpool();
  const clock = { nowMs: 0 };
  const ends: ((code: number) => Promise<void>)[] = [];
  let isRefused = false;
  let count = 0;
  const launch: Parameters<typeof createStarter>[2] = async (_system, _layout, _command, ended) => {
    if (isRefused) throw Object.assign(new Error("EAGAIN: no more processes"), { code: "EAGAIN" });
    count += 1;
    ends.push((code) => ended(code, null, ""));
  };
  const system = { ...realSystem(), monotonicMs: () => clock.nowMs };
  const starter = createStarter(system, layout, launch);
  return {
    layout,
    clock,
    wake: (options: AutostartOptions = {}) => starter.wake(options),
    starts: () => count,
    refuse: (refused: boolean): void => {
      isRefused = refused;
    },
    /** Ends the daemon that runs, if one does, and lets the starter hear of it. */
    async end(code = 0) {
      await ends.pop()?.(code);
    },
  };
}
