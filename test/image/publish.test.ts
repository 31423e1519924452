import { mkdir, mkdtemp, readdir, readFile, readlink, realpath, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { publish, removeTemporaries } from "../../src/image/publish.ts";
import type { Publication } from "../../src/image/replace.ts";
import { temporaryPath, writeTemporaries } from "../../src/image/temporaries.ts";
import { type FileSystem, realSystem, type System } from "../../src/system.ts";
import { realName } from "../support/real-name.ts";

const real = realSystem();
let folder: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "spoold-publish-")));
});

afterEach(() => rm(folder, { recursive: true }));

describe("a temporary", () => {
  it("lies hidden beside its final path, under a name that can be told again", () => {
    expect(temporaryPath("/out/cat.jpg", "7-ab", 2)).toBe("/out/.spoold-7-ab-2.tmp");
  });

  it("replaces a leftover, link or file, without following it", async () => {
    const path = join(folder, ".spoold-1-0.tmp");
    await writeFile(join(folder, "victim"), "untouched");
    await symlink(join(folder, "victim"), path);
    await write(real, path, "new");
    await write(real, path, "newer");
    expect(await content(path)).toBe("newer");
    expect(await content(join(folder, "victim"))).toBe("untouched");
  });

  it("has the mode that any saved file has", async () => {
    const path = join(folder, "x.tmp");
    await write(real, path, "x");
    await writeFile(join(folder, "plain"), "x");
    expect((await stat(path)).mode).toBe((await stat(join(folder, "plain"))).mode);
  });

  it("that cannot be written names the reason", async () => {
    await expect(write(real, join(folder, "none", "x.tmp"), "x")).rejects.toMatchObject({
      code: "OUTPUT_UNWRITABLE",
    });
  });

  it("is removed with its backup by the next start, and its absence is no error", async () => {
    const paths = [join(folder, "a.jpg"), join(folder, "gone", "b.jpg"), join(folder, "a.jpg", "c.jpg")];
    await writeFile(join(folder, "a.jpg"), "final");
    await writeFile(join(folder, ".spoold-7-0.tmp"), "left");
    await writeFile(join(folder, ".spoold-7-0.tmp.old"), "left");
    await writeFile(join(folder, ".spoold-8-0.tmp"), "another task's");
    await removeTemporaries(
      real,
      paths.map((path) => ({ path })),
      "7",
    );
    expect((await readdir(folder)).sort()).toEqual([".spoold-8-0.tmp", "a.jpg"]);
  });
});

describe("publishing", () => {
  it("puts all outputs in place and leaves nothing else", async () => {
    const files = await prepare(["a", "b", "c"]);
    await writeFile(join(folder, "b"), "old b");
    await publish(real, files);
    expect(await tree()).toEqual({ a: "new a", b: "new b", c: "new c" });
  });

  it("syncs each directory once, after the last rename", async () => {
    await mkdir(join(folder, "sub"));
    const files = await prepare(["a", "b", "sub/c"]);
    const calls: string[] = [];
    await publish(
      withFs({
        rename: async (from, to) => {
          calls.push(`rename ${basename(realName(to))}`);
          await real.fs.rename(from, to);
        },
        open: async (...call: Parameters<FileSystem["open"]>) => {
          // Before the first rename the directories are opened through which all goes.
          if (calls.length > 0) calls.push(`open ${basename(realName(call[0]))}`);
          return real.fs.open(...call);
        },
      }),
      files,
    );
    expect(calls).toEqual(["rename a", "rename b", "rename c", `open ${basename(folder)}`, "open sub"]);
  });

  it("replaces a link instead of following it", async () => {
    await writeFile(join(folder, "victim"), "untouched");
    await symlink("victim", join(folder, "a"));
    await publish(real, await prepare(["a"]));
    expect(await tree()).toEqual({ a: "new a", victim: "untouched" });
    await expect(readlink(join(folder, "a"))).rejects.toThrow();
  });

  it.each([1, 2, 3])("puts everything back when rename %i fails", async (failing) => {
    const files = await prepare(["a", "b", "c"]);
    await writeFile(join(folder, "a"), "old a");
    await writeFile(join(folder, "c"), "old c");
    const failure = publish(failingRename(failing, "EACCES"), files);
    await expect(failure).rejects.toMatchObject({
      code: "OUTPUT_UNWRITABLE",
      facts: { path: files[failing - 1]?.path },
    });
    expect(await tree()).toEqual({ a: "old a", c: "old c" });
  });

  it.each([
    ["ENOSPC", "DISK_FULL"],
    ["EROFS", "DISK_READ_ONLY"],
    ["EIO", "IO_ERROR"],
  ])("reports %s as %s and puts everything back", async (name, code) => {
    const files = await prepare(["a", "b"]);
    await expect(publish(failingRename(2, name), files)).rejects.toMatchObject({ code });
    expect(await tree()).toEqual({});
  });

  it("puts everything back when a directory cannot be synced", async () => {
    const files = await prepare(["a", "b"]);
    await writeFile(join(folder, "a"), "old a");
    let renamed = false;
    const failing = withFs({
      rename: async (from, to) => {
        renamed = true;
        await real.fs.rename(from, to);
      },
      open: (...call: Parameters<FileSystem["open"]>) =>
        renamed ? Promise.reject(errno("EIO")) : real.fs.open(...call),
    });
    await expect(publish(failing, files)).rejects.toMatchObject({ code: "IO_ERROR" });
    expect(await tree()).toEqual({ a: "old a" });
  });

  it("names the paths that could not be put back, and keeps what they held", async () => {
    const files = await prepare(["a", "b"]);
    await writeFile(join(folder, "a"), "old a");
    const failing = failingRename(2, "EACCES", true);
    await expect(publish(failing, files)).rejects.toMatchObject({ facts: { unrestored: [join(folder, "a")] } });
    expect(await tree()).toEqual({ a: "new a", ".spoold-7-0.tmp.old": "old a" });
  });

  it("copies what it cannot link", async () => {
    const files = await prepare(["a", "b"]);
    await writeFile(join(folder, "a"), "old a", { mode: 0o640 });
    const failing = failingRename(2, "EACCES");
    const linkless = { ...failing, fs: { ...failing.fs, link: () => Promise.reject(errno("EPERM")) } };
    await expect(publish(linkless, files)).rejects.toMatchObject({ code: "OUTPUT_UNWRITABLE" });
    expect(await tree()).toEqual({ a: "old a" });
    expect((await stat(join(folder, "a"))).mode & 0o777).toBe(0o640);
  });

  it("changes nothing when a final path is a directory", async () => {
    const files = await prepare(["a", "b"]);
    await mkdir(join(folder, "b"));
    await writeFile(join(folder, "a"), "old a");
    await expect(publish(real, files)).rejects.toMatchObject({
      code: "OUTPUT_UNWRITABLE",
      facts: { path: join(folder, "b"), because: "a directory has this name" },
    });
    await rm(join(folder, "b"), { recursive: true });
    expect(await tree()).toEqual({ a: "old a" });
  });

  it("refuses a directory that became a link since it was resolved", async () => {
    const [file] = await prepare(["a"]);
    await symlink(folder, join(folder, "link"));
    const moved = { temporary: file?.temporary ?? "", path: join(folder, "link", "a") };
    await expect(publish(real, [moved])).rejects.toMatchObject({ code: "PATH_OUTSIDE_ROOTS" });
  });
});

async function prepare(names: readonly string[]): Promise<readonly Publication[]> {
  return Promise.all(
    names.map(async (name, index) => {
      const path = join(folder, name);
      const temporary = temporaryPath(path, "7", index);
      await write(real, temporary, `new ${name}`);
      return { path, temporary };
    }),
  );
}

function write(system: System, temporary: string, text: string): Promise<void> {
  return writeTemporaries(system, [{ temporary, content: Buffer.from(text) }]);
}

function withFs(changed: Partial<FileSystem>): System {
  return { ...real, fs: { ...real.fs, ...changed } };
}

/** A system whose rename fails at the given call, and at every later one when asked to. */
function failingRename(failing: number, name: string, onwards = false): System {
  let calls = 0;
  return withFs({
    rename: (from, to) => {
      calls += 1;
      const fails = calls === failing || (onwards && calls > failing);
      return fails ? Promise.reject(errno(name)) : real.fs.rename(from, to);
    },
  });
}

function errno(code: string): Error {
  return Object.assign(new Error(`${code}: made by the test`), { code });
}

function content(path: string): Promise<string> {
  return readFile(path, "utf8");
}

/** Everything in the folder, with what it holds. */
async function tree(): Promise<Record<string, string>> {
  const names = await readdir(folder);
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await content(join(folder, name))])));
}
