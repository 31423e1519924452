import { mkdir, readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { confined } from "../../src/image/confined.ts";
import { removeAll } from "../../src/image/replace.ts";
import { type FileSystem, realSystem, type System } from "../../src/system.ts";
import { newDirectory } from "../support/directories.ts";
import { realName } from "../support/real-name.ts";

const real = realSystem();
let root: string;
let outside: string;

beforeEach(async () => {
  root = await newDirectory();
  outside = await newDirectory();
  await mkdir(join(root, "a"));
  await writeFile(join(root, "a", "kept"), "inside");
  await writeFile(join(outside, "kept"), "outside");
});

/** What somebody does who may write there. */
async function swap(path: string): Promise<void> {
  await rename(path, `${path}.aside`);
  await symlink(outside, path);
}

// Elsewhere nothing tells where an open directory lies.
describe.skipIf(process.platform !== "linux")("a directory that is swapped for a link", () => {
  const calls: Readonly<Record<string, (fs: FileSystem, path: string) => Promise<unknown>>> = {
    "a file made": (fs, path) => fs.open(join(path, "new"), "wx"),
    "a directory made": (fs, path) => fs.mkdir(join(path, "new")),
    "a file read": (fs, path) => fs.readFile(join(path, "kept"), "utf8"),
    "a file looked at": (fs, path) => fs.lstat(join(path, "kept")),
    "a file removed": (fs, path) => fs.unlink(join(path, "kept")),
    "a file renamed": (fs, path) => fs.rename(join(path, "kept"), join(path, "new")),
    "a file linked": (fs, path) => fs.link(join(path, "kept"), join(path, "new")),
    "names listed": (fs, path) => fs.readdir(path),
  };

  it.each(Object.entries(calls))("is refused: %s", async (_name, call) => {
    const path = join(root, "a");
    await swap(path);
    await expect(confined(real, ({ fs }) => call(fs, path))).rejects.toMatchObject({ code: "PATH_OUTSIDE_ROOTS" });
    expect(await readdir(outside)).toEqual(["kept"]);
  });

  it("is not gone to by work that has begun: it goes on in the directory that was there", async () => {
    await confined(real, async ({ fs, pinned }) => {
      const path = join(root, "a");
      await fs.lstat(join(path, "kept"));
      const directory = await pinned(path);
      await swap(path);
      await fs.rename(join(path, "kept"), join(path, "new"));
      await writeFile(join(directory, "by a library"), "");
    });
    expect(await readdir(outside)).toEqual(["kept"]);
    expect((await readdir(join(root, "a.aside"))).sort()).toEqual(["by a library", "new"]);
  });

  it("is not emptied with the folder that it was", async () => {
    const folder = join(root, ".spoold-x.tmp");
    await mkdir(join(folder, "0"), { recursive: true });
    await writeFile(join(folder, "0", "0_0.jpeg"), "");
    const late: System = {
      ...real,
      fs: {
        ...real.fs,
        // Just before the folder is opened to be emptied.
        unlink: async (path) => {
          await real.fs.unlink(path).finally(() => (realName(path) === folder ? swap(folder) : undefined));
        },
      },
    };
    await expect(confined(late, (inside) => removeAll(inside, folder))).rejects.toMatchObject({
      code: "PATH_OUTSIDE_ROOTS",
    });
    expect(await readFile(join(outside, "kept"), "utf8")).toBe("outside");
  });
});
