import { mkdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { holdHeartbeat } from "../../src/spool/heartbeat.ts";
import { realSystem } from "../../src/system.ts";
import { names, newSpool } from "../support/directories.ts";

const real = realSystem();
const unexpected = (): never => {
  throw new Error("the lock was lost");
};

describe("the heartbeat", () => {
  it("holds run/daemon.lock until it is released", async () => {
    const layout = await newSpool();
    const release = await holdHeartbeat(real, layout, unexpected);
    expect(await names(layout.run)).toContain("daemon.lock");
    await release();
    expect(await names(layout.run)).not.toContain("daemon.lock");
  });

  it("takes the place of one that a dead owner has left, however young", async () => {
    const layout = await newSpool();
    await mkdir(join(layout.run, "daemon.lock"));
    await (await holdHeartbeat(real, layout, unexpected))();
  });

  it("notices that somebody has touched its directory, and then leaves it alone", async () => {
    const layout = await newSpool();
    const path = join(layout.run, "daemon.lock");
    let release = async (): Promise<void> => undefined;
    await new Promise<void>((resolve) => {
      void holdHeartbeat(real, layout, resolve).then(async (releaseHeld) => {
        release = releaseHeld;
        await utimes(path, 1_000, 1_000);
      });
    });
    await release();
    expect((await stat(path)).mtimeMs).toBe(1_000_000);
  });

  it("leaves a directory that is not its own where it is when it is released before it noticed", async () => {
    const layout = await newSpool();
    const path = join(layout.run, "daemon.lock");
    const release = await holdHeartbeat(real, layout, () => undefined);
    await rm(path, { recursive: true });
    await mkdir(path);
    await release();
    expect(await names(layout.run)).toContain("daemon.lock");
  });
});
