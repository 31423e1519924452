import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { acquireDaemonLock, livingOwner } from "../../src/spool/daemon-lock.ts";
import type { Layout } from "../../src/spool/layout.ts";
import { describeSelf, type Owner } from "../../src/spool/owner.ts";
import { realSystem } from "../../src/system.ts";
import { type Companion, names, newSpool, startCompanion, until } from "../support/directories.ts";

const real = realSystem();
const OWNER = new URL("./owner-process.ts", import.meta.url);
const unexpected = (): never => {
  throw new Error("the lock was lost");
};

async function startOwner(layout: Layout): Promise<Companion> {
  const owner = startCompanion(OWNER, [layout.root]);
  await owner.next();
  return owner;
}

async function ask(owner: Companion, order: string) {
  owner.send({ order });
  return owner.next();
}

async function recordOwner(layout: Layout, change: Partial<Owner>): Promise<Owner> {
  const owner = { ...(await describeSelf(real, change.generation ?? 1)), ...change };
  await writeFile(join(layout.run, `owner.${owner.generation}.json`), JSON.stringify(owner));
  return owner;
}

/** Takes the spool and lets it go. @returns the generation, or the code of the refusal */
async function tryToOwn(layout: Layout): Promise<number | string> {
  try {
    const lock = await acquireDaemonLock(real, layout, unexpected);
    await lock.release();
    return lock.owner.generation;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe("the daemon's lock", () => {
  it("is refused to a second daemon, naming pid and since of the first", async () => {
    const layout = await newSpool();
    const owner = await startOwner(layout);
    const { since } = await ask(owner, "acquire");
    await expect(acquireDaemonLock(real, layout, unexpected)).rejects.toMatchObject({
      code: "SPOOL_LOCKED",
      facts: { pid: owner.child.pid, since, spool: layout.root },
    });
    expect(await ask(owner, "isHeld")).toMatchObject({ held: true });
    expect((await livingOwner(real, layout))?.pid).toBe(owner.child.pid);
  });

  it("is refused to a second daemon in the same process", async () => {
    const layout = await newSpool();
    const lock = await acquireDaemonLock(real, layout, unexpected);
    expect(await tryToOwn(layout)).toBe("SPOOL_LOCKED");
    expect(await lock.isHeld()).toBe(true);
    await lock.release();
  });

  it("goes to the next at once after its release, and generations only grow", async () => {
    const layout = await newSpool();
    expect([await tryToOwn(layout), await tryToOwn(layout), await tryToOwn(layout)]).toEqual([1, 2, 3]);
    expect(await livingOwner(real, layout)).toBeUndefined();
    expect(await names(layout.run)).toEqual(
      expect.not.arrayContaining(["daemon.lock", "owner.json", "owner.1.json", "owner.1.released"]),
    );
    expect(await names(layout.tmp)).toEqual([]);
  });

  it("goes to the next at once when its owner was killed", async () => {
    const layout = await newSpool();
    const owner = await startOwner(layout);
    await ask(owner, "acquire");
    owner.child.kill("SIGKILL");
    await owner.ended;
    expect(await names(layout.run)).toEqual(expect.arrayContaining(["daemon.lock", "owner.1.json"]));
    // One call that either has it or not: nothing in it waits for a time.
    expect(await tryToOwn(layout)).toBe(2);
  });

  it("stays with an owner that is only stopped", async () => {
    const layout = await newSpool();
    const owner = await startOwner(layout);
    await ask(owner, "acquire");
    owner.child.kill("SIGSTOP");
    await until(async () => (await readFile(`/proc/${owner.child.pid}/stat`, "utf8")).includes(") T "));
    expect(await tryToOwn(layout)).toBe("SPOOL_LOCKED");
    owner.child.kill("SIGCONT");
    expect(await ask(owner, "isHeld")).toMatchObject({ held: true });
  });

  it("is announced under a constant name, for people, until it is released", async () => {
    const layout = await newSpool();
    const lock = await acquireDaemonLock(real, layout, unexpected);
    expect(JSON.parse(await readFile(join(layout.run, "owner.json"), "utf8"))).toEqual(lock.owner);
    await lock.release();
    expect(await names(layout.run)).not.toContain("owner.json");
  });
});

describe("a recorded owner", () => {
  it("is dead when its pid now belongs to a process that started at another time", async () => {
    const layout = await newSpool();
    await recordOwner(layout, { pid: process.pid, pidStart: "1" });
    expect(await tryToOwn(layout)).toBe(2);
  });

  it("is dead when this machine has booted since", async () => {
    const layout = await newSpool();
    await recordOwner(layout, { bootId: "another boot" });
    expect(await tryToOwn(layout)).toBe(2);
  });

  it("counts as alive on another machine while its heart beats, for nothing can be proved from here", async () => {
    const layout = await newSpool();
    await recordOwner(layout, { bootId: "another boot", host: "elsewhere", machineId: "other" });
    await mkdir(join(layout.run, "daemon.lock"));
    let beats = 0;
    const beating = { ...real, fs: { ...real.fs, lstat: beat as typeof real.fs.lstat } };
    async function beat(path: string): Promise<unknown> {
      const stat = await real.fs.lstat(path);
      if (path.endsWith("daemon.lock")) beats += 1;
      return Object.assign(stat, { mtimeMs: stat.mtimeMs + beats });
    }
    await expect(acquireDaemonLock(beating, layout, unexpected)).rejects.toMatchObject({ code: "SPOOL_LOCKED" });
    expect(await livingOwner(real, layout)).toMatchObject({ host: "elsewhere" });
  });

  it("is taken for dead on another machine when its heart has stood still for long", async () => {
    const layout = await newSpool();
    await recordOwner(layout, { bootId: "another boot", host: "elsewhere", machineId: "other" });
    await mkdir(join(layout.run, "daemon.lock"));
    let nowMs = 0;
    const hurried = { ...real, monotonicMs: () => (nowMs += 2_000) };
    const lock = await acquireDaemonLock(hurried, layout, unexpected);
    expect(lock.owner.generation).toBe(2);
    await lock.release();
  });

  it("is nobody when the file is not what a daemon writes and nobody answers", async () => {
    const layout = await newSpool();
    await writeFile(join(layout.run, "owner.7.json"), "garbage");
    expect(await tryToOwn(layout)).toBe(8);
  });

  it("may be of any generation: the next one follows on it", async () => {
    const layout = await newSpool();
    await recordOwner(layout, { generation: 41, pidStart: "1" });
    expect(await tryToOwn(layout)).toBe(42);
  });
});

describe("a lost lock", () => {
  it("is noticed when run/daemon.lock was removed by hand, and told once", async () => {
    const layout = await newSpool();
    let losses = 0;
    const lock = await acquireDaemonLock(real, layout, () => {
      losses += 1;
    });
    expect(await lock.isHeld()).toBe(true);
    await rm(join(layout.run, "daemon.lock"), { recursive: true });
    await until(async () => !(await lock.isHeld()));
    expect([await lock.isHeld(), losses]).toEqual([false, 1]);
    await lock.release();
  });

  it("is noticed at once when a newer generation has come, or its own record went, and told once", async () => {
    for (const lose of [
      (layout: Layout) => recordOwner(layout, { generation: 2 }),
      (layout: Layout) => rm(join(layout.run, "owner.1.json")),
      (layout: Layout) => rm(layout.run, { recursive: true }),
    ]) {
      const layout = await newSpool();
      let losses = 0;
      const lock = await acquireDaemonLock(real, layout, () => {
        losses += 1;
      });
      await lose(layout);
      expect([await lock.isHeld(), await lock.isHeld(), losses]).toEqual([false, false, 1]);
      await lock.release();
    }
  });

  it("leaves the successor's record and announcement alone when it is released", async () => {
    const layout = await newSpool();
    const lock = await acquireDaemonLock(real, layout, () => undefined);
    await recordOwner(layout, { generation: 2 });
    await writeFile(join(layout.run, "owner.json"), "the successor's");
    await lock.release();
    expect(await readFile(join(layout.run, "owner.json"), "utf8")).toBe("the successor's");
    expect(await names(layout.run)).not.toContain("owner.1.released");
  });

  it("leaves the successor's run/daemon.lock where it is when the process exits or releases", async () => {
    for (const order of ["exit", "release"]) {
      const layout = await newSpool();
      const owner = await startOwner(layout);
      await ask(owner, "acquire");
      await rm(join(layout.run, "daemon.lock"), { recursive: true });
      await mkdir(join(layout.run, "daemon.lock"));
      const { ino } = await stat(join(layout.run, "daemon.lock"));
      owner.send({ order });
      if (order === "exit") await owner.ended;
      else await until(async () => (await owner.next())["kind"] === "released");
      expect((await stat(join(layout.run, "daemon.lock"))).ino).toBe(ino);
    }
  });
});
