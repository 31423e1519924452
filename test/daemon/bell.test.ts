import { EventEmitter } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FSWatcher } from "chokidar";
import { describe, expect, it } from "vitest";
import { openBell } from "../../src/daemon/bell.ts";
import { fastestSystem, isNetworkFileSystem } from "../../src/spool/network-file-system.ts";
import { realSystem, type System } from "../../src/system.ts";
import { freshDirectory, until } from "../support/daemon.ts";

function countingBell(directory: string, options: { mode?: "auto" | "poll"; makeWatcher?: () => FSWatcher } = {}) {
  const heard = { rings: 0, polling: [] as string[] };
  const { mode = "auto", makeWatcher } = options;
  const bell = openBell({
    directory,
    mode,
    ring: () => {
      heard.rings += 1;
    },
    polling: (because) => heard.polling.push(because),
    ...(makeWatcher === undefined ? {} : { makeWatcher }),
  });
  return { bell, heard };
}

/** A watcher that does what a test says: the faults of the real one cannot be had at will. */
function fakeWatcher(): FSWatcher & { closed: boolean } {
  return Object.assign(new EventEmitter(), {
    closed: false,
    async close(this: { closed: boolean }) {
      this.closed = true;
    },
  }) as unknown as FSWatcher & { closed: boolean };
}

describe("an armed bell", () => {
  it("rings for each file that comes, also when one of the same name came before", async () => {
    const directory = await freshDirectory();
    const { bell, heard } = countingBell(directory);
    await bell.arm();
    await writeFile(join(directory, "1.json"), "{}");
    await until(() => heard.rings > 0);
    heard.rings = 0;
    await writeFile(join(directory, "1.json"), "{} ");
    await until(() => heard.rings > 0);
    await bell.disarm();
  });

  it("rings when the kernel tells of a name, not at each of the thousand writes to a large file", async () => {
    const watcher = fakeWatcher();
    const { bell, heard } = countingBell("/spool/tasks", { makeWatcher: () => watcher });
    const arming = bell.arm();
    watcher.emit("ready");
    await arming;
    for (let write = 0; write < 1_000; write++) watcher.emit("raw", "change", "large.jpg", {});
    expect(heard.rings).toBe(0);
    watcher.emit("raw", "rename", "1.json", {});
    expect(heard.rings).toBe(1);
    await bell.disarm();
  });

  it("is silent about what was there before it was armed: the daemon looks by itself", async () => {
    const directory = await freshDirectory();
    await writeFile(join(directory, "old.json"), "{}");
    const { bell, heard } = countingBell(directory);
    await bell.arm();
    expect(heard.rings).toBe(0);
    await writeFile(join(directory, "new.json"), "{}");
    await until(() => heard.rings > 0);
    await bell.disarm();
  });

  it("can be disarmed and armed again, also while it is still getting ready", async () => {
    const directory = await freshDirectory();
    const { bell, heard } = countingBell(directory);
    const arming = bell.arm();
    await bell.disarm();
    await arming;
    expect(bell.isPolling()).toBe(false);
    await bell.arm();
    await writeFile(join(directory, "1.json"), "{}");
    await until(() => heard.rings > 0);
    await bell.disarm();
  });
});

describe("a bell whose watcher cannot watch", () => {
  it("turns to polling when there are no inotify watches left, says so once, and closes the watcher", async () => {
    const watcher = fakeWatcher();
    const { bell, heard } = countingBell("/nowhere", { makeWatcher: () => watcher });
    const arming = bell.arm();
    watcher.emit("error", Object.assign(new Error("ENOSPC: System limit for number of file watchers reached"), {}));
    await arming;
    expect(bell.isPolling()).toBe(true);
    expect(heard.polling).toEqual([expect.stringContaining("ENOSPC")]);
    expect(watcher.closed).toBe(true);
    watcher.emit("error", new Error("once more")); // must not end the process
    await bell.arm();
    expect(heard.polling).toHaveLength(1);
  });

  it("turns to polling in a place that chokidar takes for another: one with a backslash in its name", async () => {
    const { bell, heard } = countingBell("/nowhere/a\\b");
    await bell.arm();
    expect([bell.isPolling(), heard.polling]).toEqual([true, [expect.stringContaining("backslash")]]);
  });

  it("turns to polling when the watcher fails later, and rings so that nothing is missed", async () => {
    const watcher = fakeWatcher();
    const { bell, heard } = countingBell("/nowhere", { makeWatcher: () => watcher });
    const arming = bell.arm();
    watcher.emit("ready");
    await arming;
    expect(bell.isPolling()).toBe(false);
    watcher.emit("error", new Error("EMFILE"));
    await until(() => bell.isPolling());
    expect(heard.rings).toBe(1);
  });
});

describe("a bell told to poll", () => {
  it("makes no watcher", async () => {
    const { bell } = countingBell("/nowhere", {
      mode: "poll",
      makeWatcher: () => {
        throw new Error("no watcher was wanted");
      },
    });
    await bell.arm();
    expect(bell.isPolling()).toBe(true);
  });
});

describe("a network file system", () => {
  const on = (type: number): System => {
    const system = realSystem();
    const statfs = (async () => ({ type })) as unknown as typeof system.fs.statfs;
    return { ...system, fs: { ...system.fs, statfs } };
  };

  it.each([
    ["nfs", 0x6969, true],
    ["cifs, told as a negative number", 0xff534d42 | 0, true],
    ["ext4", 0xef53, false],
    ["tmpfs", 0x01021994, false],
  ])("is known by its magic number: %s", async (_name, type, expected) => {
    expect(await isNetworkFileSystem(on(type), "/")).toBe(expected);
  });

  it("is given no system that would wait for it with all else at rest, also before the spool is there", async () => {
    const far = on(0x6969);
    expect(await fastestSystem(far, "/")).toBe(far);
    const missing = join(await freshDirectory(), "not/there/yet");
    expect(await fastestSystem(realSystem(), missing)).toHaveProperty("withCallbacks");
  });
});
