import { link, mkdir, mkdtemp, realpath, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isInside, resolveOutput, resolveRoots, resolveSource } from "../../src/image/paths.ts";
import { realSystem } from "../../src/system.ts";

const system = realSystem();
let folder: string;
let root: string;
let outside: string;
let roots: readonly string[];

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "spoold-paths-")));
  root = join(folder, "root");
  outside = join(folder, "root-not");
  await mkdir(join(root, "a", "b"), { recursive: true });
  await mkdir(outside);
  await writeFile(join(root, "a", "cat.jpg"), "cat");
  await writeFile(join(outside, "secret.jpg"), "secret");
  roots = await resolveRoots(system, [root]);
});

afterEach(() => rm(folder, { recursive: true }));

describe("a root", () => {
  it("is known by its real path", async () => {
    await symlink(root, join(folder, "link"));
    expect(await resolveRoots(system, [join(folder, "link"), outside])).toEqual([root, outside]);
  });

  it.each(["missing", "root/a/cat.jpg"])("must be a directory: %s", async (name) => {
    await expect(resolveRoots(system, [join(folder, name)])).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      facts: { value: join(folder, name) },
    });
  });

  it("holds itself and what is below it, not what begins with its name", () => {
    expect(isInside("/data", ["/data"])).toBe(true);
    expect(isInside("/data/x", ["/data"])).toBe(true);
    expect(isInside("/data-x", ["/data"])).toBe(false);
    expect(isInside("/anything", ["/"])).toBe(true);
  });
});

describe("a source", () => {
  it.each(["a/cat.jpg", "./a//cat.jpg", "a/b/../cat.jpg", "../root/a/cat.jpg", "none/../a/cat.jpg"])(
    "is found inside the root as %s",
    async (path) => {
      expect(await resolveSource(system, path, roots)).toBe(join(root, "a", "cat.jpg"));
    },
  );

  it("may be absolute, behind a link, and in any of the roots", async () => {
    await symlink(join(root, "a"), join(root, "link"));
    await symlink(join(outside, "secret.jpg"), join(root, "shared.jpg"));
    expect(await resolveSource(system, join(root, "link/cat.jpg"), roots)).toBe(join(root, "a/cat.jpg"));
    expect(await resolveSource(system, "shared.jpg", [root, outside])).toBe(join(outside, "secret.jpg"));
  });

  it("is refused outside the roots, whether it exists or not", async () => {
    await symlink(join(outside, "secret.jpg"), join(root, "file-link.jpg"));
    await symlink(outside, join(root, "a", "dir-link"));
    for (const path of [
      ...["../root-not/secret.jpg", join(outside, "secret.jpg"), "file-link.jpg", "a/dir-link/secret.jpg"],
      ...["../../../../../../../etc/hostname", "/etc/passwd", "/dev/zero", "/nowhere/x.jpg", "a/dir-link/none.jpg"],
    ])
      await expect(resolveSource(system, path, roots)).rejects.toMatchObject({
        code: "PATH_OUTSIDE_ROOTS",
        facts: { path },
      });
  });

  it.each(["none.jpg", "a/none/cat.jpg", "a/cat.jpg/more.jpg", `${"x".repeat(300)}.jpg`])(
    "is missing as %s",
    async (path) => {
      await expect(resolveSource(system, path, roots)).rejects.toMatchObject({ code: "SOURCE_MISSING" });
    },
  );

  it("is an error with a code when its path makes no sense", async () => {
    await symlink("loop", join(root, "loop"));
    await symlink("nowhere", join(root, "dangling"));
    await expect(resolveSource(system, "loop", roots)).rejects.toMatchObject({ code: "SOURCE_UNREADABLE" });
    await expect(resolveSource(system, "a\0b", roots)).rejects.toMatchObject({ code: "SOURCE_UNREADABLE" });
    await expect(resolveSource(system, "dangling", roots)).rejects.toMatchObject({ code: "SOURCE_MISSING" });
  });
});

describe("an output", () => {
  const resolved = (file: string, create = true): Promise<string> => resolveOutput(system, file, roots, { create });

  it("lies where its directory really is", async () => {
    await symlink(join(root, "a"), join(root, "link"));
    expect(await resolved("link/b/new.jpg")).toBe(join(root, "a/b/new.jpg"));
    expect(await resolved("../root/x.jpg")).toBe(join(root, "x.jpg"));
  });

  it("gets its missing directories, or only its name when nothing is to be created", async () => {
    expect(await resolved("new/deep/x.jpg", false)).toBe(join(root, "new/deep/x.jpg"));
    await expect(stat(join(root, "new"))).rejects.toThrow();
    expect(await resolved("new/deep/x.jpg")).toBe(join(root, "new/deep/x.jpg"));
    expect((await stat(join(root, "new/deep"))).isDirectory()).toBe(true);
  });

  it("may be made twice at once in the same new directory", async () => {
    const files = Array.from({ length: 20 }, (_, index) => `new/deep/er/${index}.jpg`);
    expect(await Promise.all(files.map((file) => resolved(file)))).toHaveLength(20);
  });

  it("is refused outside the roots, and nothing is created there", async () => {
    await symlink(outside, join(root, "out"));
    await symlink(join(outside, "new"), join(root, "dangling"));
    for (const create of [true, false])
      for (const file of ["out/x.jpg", "out/new/x.jpg", "../x.jpg", "../root-not/x/y.jpg", "/etc/x.jpg", "."])
        await expect(resolved(file, create)).rejects.toMatchObject({
          code: "PATH_OUTSIDE_ROOTS",
          facts: { path: file },
        });
    await expect(resolved("dangling/x.jpg")).rejects.toMatchObject({ code: "OUTPUT_UNWRITABLE" });
    await expect(stat(join(outside, "new"))).rejects.toThrow();
    await expect(stat(join(outside, "x"))).rejects.toThrow();
  });

  it("cannot replace a directory, or lie below a file", async () => {
    await expect(resolved("a/b")).rejects.toMatchObject({ code: "OUTPUT_UNWRITABLE", facts: { file: "a/b" } });
    for (const file of ["a/cat.jpg/x.jpg", "a/cat.jpg/deep/x.jpg", `${"x".repeat(300)}.jpg`, "a\0b.jpg"])
      await expect(resolved(file)).rejects.toMatchObject({ code: "OUTPUT_UNWRITABLE" });
  });

  it("takes the place of a link, whatever that points to", async () => {
    await symlink(join(outside, "secret.jpg"), join(root, "x.jpg"));
    expect(await resolved("x.jpg")).toBe(join(root, "x.jpg"));
  });

  it("may be another name of an existing file", async () => {
    await link(join(root, "a/cat.jpg"), join(root, "twin.jpg"));
    expect(await resolved("twin.jpg")).toBe(join(root, "twin.jpg"));
  });

  it("reports a full disk and a read-only file system as such", async () => {
    for (const [errno, code] of [
      ["ENOSPC", "DISK_FULL"],
      ["EROFS", "DISK_READ_ONLY"],
      ["EIO", "IO_ERROR"],
    ]) {
      const failing = {
        ...system,
        fs: { ...system.fs, mkdir: () => Promise.reject(Object.assign(new Error(), { code: errno })) },
      };
      await expect(resolveOutput(failing, "n/x.jpg", roots, { create: true })).rejects.toMatchObject({ code });
    }
  });
});
