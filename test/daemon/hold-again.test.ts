import { rename } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { resolveSettings } from "../../src/config.ts";
import { runDaemon } from "../../src/daemon/daemon.ts";
import { type HoldEnd, holdAgain } from "../../src/daemon/hold-again.ts";
import { SpooldError } from "../../src/errors.ts";
import type { Spool } from "../../src/index.ts";
import type { Log } from "../../src/log.ts";
import { livingOwner } from "../../src/spool/daemon-lock.ts";
import { layoutOf } from "../../src/spool/layout.ts";
import { realSystem, type System } from "../../src/system.ts";
import { freshDirectory } from "../support/daemon.ts";
import { names, newSpool, put } from "../support/directories.ts";
import { namesIn, placePicture, quickTask, spoolIn } from "../support/spool.ts";

interface Heard extends Log {
  readonly events: readonly string[];
}

/** A log that is kept in memory; each event can be answered before the daemon goes on. */
function listener(heard: (name: string) => void = () => undefined): Heard {
  const events: string[] = [];
  return {
    events,
    event: (_level, name) => {
      events.push(name);
      heard(name);
    },
    reopen() {},
    dropped: () => 0,
    close() {},
  };
}

/** The real system, with something that happens before or after a daemon lets go of its spool. */
function aroundRelease(happens: {
  readonly before?: () => Promise<void>;
  readonly after?: () => Promise<void>;
}): System {
  const real = realSystem();
  const moved = async (from: string, to: string): Promise<void> => {
    const isRelease = /\/run\/owner\.\d+\.released$/.test(to);
    if (isRelease) await happens.before?.();
    await rename(from, to);
    if (isRelease) await happens.after?.();
  };
  return { ...real, fs: { ...real.fs, rename: moved as typeof real.fs.rename } };
}

function runOnce(directory: string, system: System, log: Log): Promise<number> {
  const flags = { roots: [directory], concurrency: 1, settleMs: 20, rescanMs: 50 };
  const settings = resolveSettings({ flags, env: {}, file: undefined }, { cores: 1, workingDirectory: directory });
  return runDaemon({ spoolDir: join(directory, "spool"), settings, once: true, env: process.env, system, log });
}

describe("a task that comes in while a --once daemon ends", () => {
  let directory: string;
  let spool: Spool;

  beforeEach(async () => {
    directory = await freshDirectory();
    await placePicture(join(directory, "quick.jpg"));
    spool = await spoolIn(directory);
  });

  /** What a producer does: commits, and starts a daemon of its own only when it sees none. */
  async function produce(found: string[]): Promise<void> {
    await spool.enqueue(quickTask("late"));
    found.push((await livingOwner(realSystem(), layoutOf(spool.directory))) === undefined ? "free" : "owned");
  }

  it("is run by that daemon, though its producer met a living one, just before it lets the spool go", async () => {
    const found: string[] = [];
    const log = listener();
    const system = aroundRelease({ before: async () => void (found.length === 0 && (await produce(found))) });
    expect(await runOnce(directory, system, log)).toBe(0);
    expect([found, log.events.filter((name) => name === "daemon goes on")]).toEqual([["owned"], ["daemon goes on"]]);
    expect([await namesIn(directory, "done"), await namesIn(directory, "tasks")]).toEqual([["1.json"], []]);
  });

  it("is run by that daemon when it comes after that, before the last look", async () => {
    const found: string[] = [];
    const system = aroundRelease({ after: async () => void (found.length === 0 && (await produce(found))) });
    expect(await runOnce(directory, system, listener())).toBe(0);
    expect([found, await namesIn(directory, "done")]).toEqual([["free"], ["1.json"]]);
  });

  it("again and again is run each time", async () => {
    const found: string[] = [];
    const system = aroundRelease({ before: async () => void (found.length < 3 && (await produce(found))) });
    expect(await runOnce(directory, system, listener())).toBe(0);
    expect([found.length, await namesIn(directory, "done")]).toEqual([3, ["1.json", "2.json", "3.json"]]);
  });

  it("and fails makes it end with 1", async () => {
    let isIn = false;
    const before = async (): Promise<void> => {
      if (!isIn) await spool.enqueue({ ...quickTask("late"), source: "missing.jpg" });
      isIn = true;
    };
    expect(await runOnce(directory, aroundRelease({ before }), listener())).toBe(1);
  });

  it("is left alone when the daemon was told to stop", async () => {
    const log = listener((name) => name === "daemon started" && process.emit("SIGTERM"));
    const system = aroundRelease({ before: async () => void (await spool.enqueue(quickTask("late"))) });
    expect(await runOnce(directory, system, log)).toBe(0);
    expect([log.events.includes("daemon goes on"), await namesIn(directory, "tasks")]).toEqual([false, ["1.json"]]);
  });
});

describe("after letting the spool go", () => {
  const held = (exitCode: 0 | 1, seen: readonly string[] = []): HoldEnd => ({ exitCode, seen: new Set(seen) });

  /** Holds that end as told, the last one again and again. @returns how many there were, and the exit code */
  async function holds(files: readonly string[], ends: readonly (HoldEnd | SpooldError)[]): Promise<[number, number]> {
    const layout = await newSpool();
    for (const file of files) await put(join(layout.root, file));
    let count = 0;
    const exitCode = await holdAgain({ system: realSystem(), layout, log: listener() }, async () => {
      count += 1;
      const end = ends[count - 1] ?? ends.at(-1);
      if (end === undefined || end instanceof SpooldError) throw end;
      return end;
    });
    expect((await names(layout.tasks)).length + (await names(layout.deferred)).length).toBe(files.length);
    return [count, exitCode];
  }

  it.each([
    ["a task", "tasks/1.json"],
    ["a drop without a number", "tasks/cat.json"],
    ["a retry that is due", "deferred/0.1.a2.json"],
  ])("takes it once more for %s that has come, and not for what was seen", async (_what, file) => {
    expect(await holds([file], [held(0), held(1, [file])])).toEqual([2, 1]);
    expect(await holds([file], [held(0, [file])])).toEqual([1, 0]);
  });

  it.each(["tasks/note.txt", "tasks/cat.json.part", "tasks/1.reason.json", "deferred/9999999999999.1.a1.json"])(
    "does not take it again for %s",
    async (file) => {
      expect(await holds([file], [held(0)])).toEqual([1, 0]);
    },
  );

  it("leaves it to another daemon that has taken it meanwhile, and ends as it would have", async () => {
    for (const exitCode of [0, 1] as const)
      expect(await holds(["tasks/1.json"], [held(exitCode), new SpooldError("SPOOL_LOCKED")])).toEqual([2, exitCode]);
    await expect(holds(["tasks/1.json"], [held(0), new SpooldError("DISK_FULL")])).rejects.toThrow("disk is full");
  });

  it("gives up on a name that no look ever sees, in the end", async () => {
    expect((await holds(["tasks/1.json"], [held(0)]))[0]).toBe(100);
  });
});
