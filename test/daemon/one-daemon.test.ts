import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { freshDirectory, launchDaemon, lives, startDaemon, until } from "../support/daemon.ts";
import { namesIn, placePicture, placeSlowPicture, quickTask, slowTask, spoolIn } from "../support/spool.ts";
import { workersOf } from "../support/workers.ts";

let directory: string;

beforeEach(async () => {
  directory = await freshDirectory();
  await placePicture(join(directory, "quick.jpg"));
});

describe("a second daemon on a spool", () => {
  it("ends with 75 at once and names the pid of the first and since when it runs", async () => {
    const first = await startDaemon(directory);
    const started = first.lines().find(({ msg }) => msg === "daemon started");
    const second = launchDaemon(directory);
    expect(await second.ended).toBe(75);
    expect(second.stderr()).toContain(`pid ${first.pid}`);
    expect(second.stderr()).toMatch(/since \d{4}-\d\d-\d\dT/);
    expect(Date.parse(/since (\S+?Z)/.exec(second.stderr())?.[1] ?? "")).toBeLessThanOrEqual(
      Date.parse(String(started?.["time"])),
    );
    expect(lives(first.pid)).toBe(true);
  });

  it("is refused too while the first is stopped, for a stopped process is not a dead one", async () => {
    const first = await startDaemon(directory);
    process.kill(first.pid, "SIGSTOP");
    expect(await launchDaemon(directory).ended).toBe(75);
  });

  it("starts as soon as the first has ended", async () => {
    const first = await startDaemon(directory);
    process.kill(first.pid, "SIGTERM");
    expect(await first.ended).toBe(0);
    await startDaemon(directory);
  });

  it("takes over from one that was killed, and goes on with its task", async () => {
    await placeSlowPicture(join(directory, "slow.jpg"));
    const ticket = await (await spoolIn(directory)).enqueue(slowTask("long"));
    const first = await startDaemon(directory);
    await first.line(({ msg }) => msg === "task started");
    process.kill(first.pid, "SIGKILL");
    await first.ended;
    const second = await startDaemon(directory);
    const again = await second.line(({ msg }) => msg === "task started");
    expect(again).toMatchObject({ number: ticket.number, attempt: 2 });
  });

  it("is the only one of many that start over a dead one", async () => {
    const dead = await startDaemon(directory);
    process.kill(dead.pid, "SIGKILL");
    await dead.ended;
    const contenders = Array.from({ length: 6 }, () => launchDaemon(directory));
    await until(() => contenders.filter(({ child }) => child.exitCode === 75).length === 5);
    const owners = contenders.filter(({ child }) => child.exitCode === null);
    expect(owners).toHaveLength(1);
    await owners[0]?.line(({ msg }) => msg === "daemon started");
  });
});

describe("a daemon whose lock was changed by hand", () => {
  it("stops everything and ends with 75 when the lock directory is gone", async () => {
    await placeSlowPicture(join(directory, "slow.jpg"));
    await (await spoolIn(directory)).enqueue(slowTask("long"));
    const daemon = await startDaemon(directory);
    await daemon.line(({ msg }) => msg === "task started");
    const workers = await workersOf(daemon.pid);
    await rm(join(directory, "spool/run/daemon.lock"), { recursive: true });
    expect(await daemon.ended).toBe(75);
    expect(daemon.stderr()).toContain("LOCK_LOST");
    await until(() => !workers.some(lives));
    expect(await namesIn(directory, "active")).toEqual(["1.a1.json"]);
  });

  it("claims nothing once another generation owns the spool", async () => {
    const spool = await spoolIn(directory);
    const daemon = await startDaemon(directory);
    await writeFile(join(directory, "spool/run/owner.2.json"), "{}");
    await spool.enqueue(quickTask("late"));
    expect(await daemon.ended).toBe(75);
    expect(await namesIn(directory, "tasks")).toEqual(["1.json"]);
  });
});
