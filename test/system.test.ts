import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ignoring, realSystem, type System, syncDirectory, unlinkIfThere, writeDurably } from "../src/system.ts";

const system = realSystem();
const bytes = Buffer.from("whole");
let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "spoold-system-"));
});
afterEach(() => rm(directory, { recursive: true }));

const errno = (code: string): Error => Object.assign(new Error(code), { code });

/** The real system, but each file's `method` fails with `error`. */
function failing(method: "sync" | "writeFile", error: Error): System {
  const open: System["fs"]["open"] = async (...args) => {
    const handle = await system.fs.open(...args);
    handle[method] = () => Promise.reject(error);
    return handle;
  };
  return { ...system, fs: { ...system.fs, open } };
}

describe("a file written durably", () => {
  it("is whole and for its owner only", async () => {
    await writeDurably(system, join(directory, "a"), bytes);
    expect(await readFile(join(directory, "a"))).toEqual(bytes);
    expect((await stat(join(directory, "a"))).mode & 0o777).toBe(0o600);
  });

  it("never replaces another one, nor what a link points to", async () => {
    await writeFile(join(directory, "a"), "old");
    await symlink("elsewhere", join(directory, "link"));
    for (const name of ["a", "link"])
      await expect(writeDurably(system, join(directory, name), bytes)).rejects.toMatchObject({ code: "EEXIST" });
    expect(await readFile(join(directory, "a"), "utf8")).toBe("old");
    expect(await readdir(directory)).toEqual(["a", "link"]);
  });

  it.each(["sync", "writeFile"] as const)("leaves nothing behind when %s fails", async (method) => {
    const path = join(directory, "a");
    await expect(writeDurably(failing(method, errno("ENOSPC")), path, bytes)).rejects.toMatchObject({ code: "ENOSPC" });
    expect(await readdir(directory)).toEqual([]);
  });
});

describe("syncing a directory", () => {
  it("works on a directory and on nothing else", async () => {
    await syncDirectory(system, directory);
    await writeFile(join(directory, "a"), "");
    await expect(syncDirectory(system, join(directory, "a"))).rejects.toMatchObject({ code: "ENOTDIR" });
  });

  it("passes on that the disk has failed", async () => {
    await expect(syncDirectory(failing("sync", errno("EIO")), directory)).rejects.toMatchObject({ code: "EIO" });
  });
});

describe("removing a file", () => {
  it("is no error when it is gone already", async () => {
    await writeFile(join(directory, "a"), "");
    await unlinkIfThere(system, join(directory, "a"));
    await unlinkIfThere(system, join(directory, "a"));
    expect(await readdir(directory)).toEqual([]);
  });

  it("is an error for every other reason", async () => {
    await expect(unlinkIfThere(system, directory)).rejects.toThrow();
  });
});

describe("ignoring an errno", () => {
  it("turns that error alone into undefined", async () => {
    expect(await ignoring(["ENOENT"], Promise.resolve(1))).toBe(1);
    expect(await ignoring(["ENOENT"], Promise.reject(errno("ENOENT")))).toBeUndefined();
    await expect(ignoring(["ENOENT"], Promise.reject(errno("EIO")))).rejects.toThrow("EIO");
    await expect(ignoring(["ENOENT"], Promise.reject(new Error("none")))).rejects.toThrow("none");
  });
});

describe("the clocks", () => {
  it("tell wall time for records and monotonic time for measuring", () => {
    expect(Math.abs(system.nowMs() - Date.now())).toBeLessThan(1_000);
    const before = system.monotonicMs();
    expect(system.monotonicMs()).toBeGreaterThanOrEqual(before);
  });
});

describe("watching a directory", () => {
  it("tells that a file has come, until it is stopped", async () => {
    const heard: (string | null)[] = [];
    const stop = system.watchDirectory(directory, (name) => heard.push(name));
    await writeFile(join(directory, "42.json"), "{}");
    await expect.poll(() => heard).toContain("42.json");
    stop();
    stop();
  });

  it("that cannot be watched is silence, not an error", () => {
    const stop = system.watchDirectory(join(directory, "missing"), () => undefined);
    expect(stop()).toBeUndefined();
  });
});
