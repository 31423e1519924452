import { rmdirSync } from "node:fs";
import { mkdir, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { directSystem } from "../../src/direct-system.ts";
import { withAddLock } from "../../src/spool/add-lock.ts";
import { realSystem } from "../../src/system.ts";
import { names, newSpool } from "../support/directories.ts";

const real = realSystem();

describe("the add lock", () => {
  it("lets one work at a time, and lets go of it after a failure too", async () => {
    const layout = await newSpool();
    let inside = 0;
    const work = async (): Promise<void> => {
      expect(++inside).toBe(1);
      await names(layout.run);
      inside -= 1;
      throw new Error("work failed");
    };
    const ends = await Promise.allSettled(Array.from({ length: 5 }, () => withAddLock(real, layout, work)));
    expect(ends.map((end) => end.status === "rejected" && end.reason.message)).toEqual(
      Array.from({ length: 5 }, () => "work failed"),
    );
    expect(await names(layout.run)).not.toContain("add.lock");
  });

  it("is taken again when another one has removed it in the moment in which it was made", async () => {
    const layout = await newSpool();
    const lock = join(layout.run, "add.lock");
    const direct = directSystem();
    const callbacks = direct.withCallbacks as { stat(path: string, done: (...given: unknown[]) => void): void };
    let isFirst = true;
    const stat: typeof callbacks.stat = (path, done) => {
      if (isFirst) rmdirSync(lock);
      isFirst = false;
      callbacks.stat(path, done);
    };
    const robbed = { ...direct, withCallbacks: { ...callbacks, stat } };
    expect(await withAddLock(robbed, layout, () => names(layout.run))).toContain("add.lock");
    expect(isFirst).toBe(false);
  });

  it("gives what the work gives, also when the lock was lost meanwhile", async () => {
    const layout = await newSpool();
    const lock = join(layout.run, "add.lock");
    expect(await withAddLock(real, layout, () => rm(lock, { recursive: true }).then(() => "done"))).toBe("done");
  });

  it("is taken from a holder that looks the same for long, and only then, whatever the wall clock says", async () => {
    for (const yearsOff of [0, 10, -10]) {
      const layout = await newSpool();
      const lock = join(layout.run, "add.lock");
      await mkdir(lock);
      const at = Date.now() / 1_000 + yearsOff * 31_557_600;
      await utimes(lock, at, at);
      let monotonicMs = 0;
      const hurried = { ...real, monotonicMs: () => (monotonicMs += 50) };
      expect(await withAddLock(hurried, layout, () => names(layout.run))).toContain("add.lock");
      expect(monotonicMs).toBeGreaterThan(1_300);
      expect(monotonicMs).toBeLessThan(1_700);
      expect(await names(layout.run)).not.toContain("add.lock");
    }
  });

  it("is waited for by what needs it for as long as somebody living holds it", async () => {
    const layout = await newSpool();
    const lock = join(layout.run, "add.lock");
    await mkdir(lock);
    const beat = setInterval(() => void utimes(lock, Date.now() / 1_000, Date.now() / 1_000), 200);
    const order: string[] = [];
    const free = sleep(2_000).then(async () => {
      clearInterval(beat);
      order.push("free");
      await rm(lock, { recursive: true });
    });
    await withAddLock(real, layout, async () => void order.push("worked"), true);
    await free;
    expect(order).toEqual(["free", "worked"]);
  });

  it("is done without when somebody never lets go, and tells when it cannot be had for another reason", async () => {
    const [layout, broken] = [await newSpool(), await newSpool()];
    const lock = join(layout.run, "add.lock");
    await mkdir(lock);
    const refresh = setInterval(() => void utimes(lock, Date.now() / 1_000, Date.now() / 1_000), 200);
    await rm(broken.run, { recursive: true });
    const work = async (): Promise<string> => "done";
    const ends = await Promise.allSettled([withAddLock(real, layout, work), withAddLock(real, broken, work)]);
    clearInterval(refresh);
    expect(ends).toMatchObject([{ value: "done" }, { reason: { code: "ENOENT" } }]);
    expect(await names(layout.run)).toContain("add.lock");
  });
});
