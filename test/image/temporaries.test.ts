import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Destination } from "../../src/image/destinations.ts";
import { completeOrRemove, removeTemporaries } from "../../src/image/publish.ts";
import { temporaryPath, type Unwritten, writeTemporaries } from "../../src/image/temporaries.ts";
import { type FileSystem, realSystem, type System } from "../../src/system.ts";

const real = realSystem();
const NAMES = ["a", "b", "c"];
let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "spoold-temporaries-")));
});

afterEach(() => rm(folder, { recursive: true }));

describe("the temporaries of a task", () => {
  it("are written at once, and the first gets its name when all of them are durable", async () => {
    const calls: string[] = [];
    await writeTemporaries(listening(calls), unwritten());
    expect(calls[0]).toBe("open -0.tmp.early");
    expect(calls.slice(1, 3).sort()).toEqual(["open -1.tmp", "open -2.tmp"]);
    expect(calls.slice(3, -1).sort()).toEqual(["sync -0.tmp.early", "sync -1.tmp", "sync -2.tmp"]);
    expect(calls.at(-1)).toBe("rename -0.tmp");
    expect(await tree()).toEqual({ "-0.tmp": "new a", "-1.tmp": "new b", "-2.tmp": "new c" });
  });

  it("need no second name when there is one", async () => {
    const calls: string[] = [];
    await writeTemporaries(listening(calls), unwritten().slice(0, 1));
    expect(calls).toEqual(["open -0.tmp", "sync -0.tmp"]);
  });

  it("are all at rest when a full disk is reported, and none is left after the clean-up", async () => {
    const settled: string[] = [];
    const full = withFs({
      open: async (...call: Parameters<FileSystem["open"]>) => {
        const handle = await real.fs.open(...call);
        const isSecond = String(call[0]).endsWith("-1.tmp");
        const sync = handle.sync.bind(handle);
        handle.sync = async () => {
          if (isSecond) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
          await sync();
          settled.push(shortName(String(call[0])));
        };
        return handle;
      },
    });
    await expect(writeTemporaries(full, unwritten())).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(settled.sort()).toEqual(["-0.tmp.early", "-2.tmp"]);
    await removeTemporaries(real, destinations(), "7");
    expect(await tree()).toEqual({});
  });
});

describe("what a daemon that died has left", () => {
  it.each([
    ["nothing but the early name of the first", ["-0.tmp.early"]],
    ["some temporaries and the early name of the first", ["-0.tmp.early", "-2.tmp"]],
    ["all temporaries, none renamed", ["-0.tmp", "-1.tmp", "-2.tmp"]],
    ["the first temporary alone", ["-0.tmp"]],
  ])("is removed when it is %s", async (_what, left) => {
    for (const name of left) await writeFile(join(folder, `.spoold-7${name}`), "left");
    await writeFile(join(folder, "a"), "old a");
    await completeOrRemove(real, destinations(), "7");
    expect(await tree()).toEqual({ a: "old a" });
  });

  it("is completed when the first had been renamed", async () => {
    await writeFile(join(folder, "a"), "new a");
    for (const index of [1, 2]) await writeFile(join(folder, `.spoold-7-${index}.tmp`), `new ${NAMES[index]}`);
    await completeOrRemove(real, destinations(), "7");
    expect(await tree()).toEqual({ a: "new a", b: "new b", c: "new c" });
  });

  it("is completed when a backup says that publishing had begun", async () => {
    await writeFile(join(folder, "a"), "old a");
    await writeFile(join(folder, ".spoold-7-0.tmp.old"), "old a");
    for (const index of [0, 1, 2]) await writeFile(join(folder, `.spoold-7-${index}.tmp`), `new ${NAMES[index]}`);
    await completeOrRemove(real, destinations(), "7");
    expect(await tree()).toEqual({ a: "new a", b: "new b", c: "new c" });
  });
});

describe("a removal that is broken off", () => {
  const WHOLE = ["-0.tmp", "-1.tmp", "-2.tmp"];
  const PUT_BACK = [...WHOLE, "-0.tmp.old", "-1.tmp.old", "-2.tmp.old"];
  const EARLY = ["-0.tmp.early", "-1.tmp", "-2.tmp"];
  const left = [
    ["whole temporaries", WHOLE],
    ["those of a worker that was cut short", EARLY],
    ["temporaries and backups", PUT_BACK],
  ] as const;

  it.each(left.flatMap(([what, names]) => [true, false].map((isNew) => [what, names, isNew] as const)))(
    "of %s is never taken for renaming that had begun: %s, new outputs: %s",
    async (_what, names, isNew) => {
      for (let removals = 1; removals <= names.length; removals++) {
        for (const name of isNew ? [] : NAMES) await writeFile(join(folder, name), `old ${name}`);
        for (const name of names) await writeFile(join(folder, `.spoold-7${name}`), "new");
        let done = 0;
        const dying = withFs({
          async unlink(path) {
            await real.fs.lstat(path);
            done += 1;
            if (done > removals) throw new Error("killed");
            await real.fs.unlink(path);
          },
        });
        await removeTemporaries(dying, destinations(), "7").catch(() => undefined);
        const backups = (await readdir(folder)).filter((name) => name.endsWith(".old"));
        await completeOrRemove(real, destinations(), "7");
        // As long as there is a backup nothing else is gone, so that all can be completed.
        const whole = backups.length > 0 ? "new" : undefined;
        const expected = NAMES.flatMap((name) => whole ?? (isNew ? undefined : `old ${name}`) ?? []);
        expect(Object.values(await tree())).toEqual(whole === undefined ? expected : ["new", "new", "new"]);
        for (const name of await readdir(folder)) await rm(join(folder, name));
      }
    },
  );

  it("and had lost the first temporary all the same leaves no part of a new set", async () => {
    await writeFile(join(folder, ".spoold-7-2.tmp"), "new c");
    await completeOrRemove(real, destinations(), "7");
    expect(await tree()).toEqual({});
  });
});

function destinations(): readonly Destination[] {
  return NAMES.map((name) => ({ path: join(folder, name), folder: null }));
}

function unwritten(): readonly Unwritten[] {
  return destinations().map(({ path }, index) => ({
    temporary: temporaryPath(path, "7", index),
    content: Buffer.from(`new ${NAMES[index]}`),
  }));
}

/** A system that notes what is opened, synced and renamed, by the ends of their names. */
function listening(calls: string[]): System {
  return withFs({
    open: async (...call: Parameters<FileSystem["open"]>) => {
      const name = shortName(String(call[0]));
      calls.push(`open ${name}`);
      const handle = await real.fs.open(...call);
      const sync = handle.sync.bind(handle);
      handle.sync = async () => {
        await sync();
        calls.push(`sync ${name}`);
      };
      return handle;
    },
    rename: async (from, to) => {
      calls.push(`rename ${shortName(String(to))}`);
      await real.fs.rename(from, to);
    },
  });
}

function withFs(changed: Partial<FileSystem>): System {
  return { ...real, fs: { ...real.fs, ...changed } };
}

function shortName(path: string): string {
  return path.replace(/^.*\.spoold-7/, "");
}

async function tree(): Promise<Record<string, string>> {
  const names = await readdir(folder);
  const entries = names.map(async (name) => [shortName(name), await readFile(join(folder, name), "utf8")] as const);
  return Object.fromEntries(await Promise.all(entries));
}
