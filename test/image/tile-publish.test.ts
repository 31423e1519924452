import { mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { type Destination, publicationsOf } from "../../src/image/destinations.ts";
import { completeOrRemove, publish, removeTemporaries } from "../../src/image/publish.ts";
import { type FileSystem, realSystem, type System } from "../../src/system.ts";
import { newDirectory, put } from "../support/directories.ts";
import { realName } from "../support/real-name.ts";
import { filesBelow } from "../support/tiles.ts";

const real = realSystem();
let root: string;
let destinations: readonly Destination[];

beforeEach(async () => {
  root = await newDirectory();
  destinations = [
    { path: join(root, "a.jpg"), folder: null },
    { path: join(root, "cat.dzi"), folder: join(root, "cat_files") },
    { path: join(root, "map"), folder: join(root, "map") },
  ];
});

const OLD = {
  "a.jpg": "old",
  "cat.dzi": "old",
  "cat_files/0/0_0.jpeg": "old",
  "cat_files/1/0_0.jpeg": "old",
  "map/0/0/0.jpg": "old",
  "map/blank.png": "old",
};
const NEW = { "a.jpg": "new", "cat.dzi": "new", "cat_files/0/0_0.jpeg": "new", "map/ImageProperties.xml": "new" };

describe("a pyramid", () => {
  it("appears by renames of whole folders, the folder before the .dzi", async () => {
    await prepare();
    const renamed: string[] = [];
    const listening = withRename(async (from, to) => {
      renamed.push(realName(to).slice(root.length + 1));
      await real.fs.rename(from, to);
    });
    await publish(listening, publications());
    expect(renamed).toEqual(["a.jpg", "cat_files", "cat.dzi", "map"]);
    expect(await tree()).toEqual(NEW);
  });

  it("takes the place of an older one, of which nothing is left", async () => {
    await writeTree(OLD);
    await prepare();
    await publish(real, publications());
    expect(await tree()).toEqual(NEW);
  });

  it("may take the place of an empty directory", async () => {
    await mkdir(join(root, "map"));
    await prepare();
    await publish(real, publications());
    expect(await tree()).toEqual(NEW);
  });

  it.each([1, 2, 3, 4, 5, 6])("is put back with all the others when rename %i fails", async (failing) => {
    await writeTree(OLD);
    await prepare();
    await expect(publish(failingRename(failing), publications())).rejects.toMatchObject({ code: "OUTPUT_UNWRITABLE" });
    expect(await tree()).toEqual(OLD);
  });

  it.each([1, 2, 3, 4])("that is the first of its name leaves nothing when rename %i fails", async (failing) => {
    await prepare();
    await expect(publish(failingRename(failing), publications())).rejects.toMatchObject({ code: "OUTPUT_UNWRITABLE" });
    expect(await tree()).toEqual({});
  });

  it("that cannot be put back is named, and stays under its second name", async () => {
    await writeTree(OLD);
    await prepare();
    // a.jpg, cat_files aside, and then nothing more.
    await expect(publish(failingRename(3, true), publications())).rejects.toMatchObject({
      facts: { unrestored: [join(root, "cat_files"), join(root, "a.jpg")] },
    });
    expect(await tree()).toMatchObject({
      ".spoold-7-1.tmp/tiles_files.old/0/0_0.jpeg": "old",
      ".spoold-7-0.tmp.old": "old",
      "map/blank.png": "old",
    });
  });
});

describe("what is no folder of tiles is never replaced:", () => {
  it.each([
    ["somebody's pictures", "cat_files/holiday.jpg"],
    ["a note among the tiles", "cat_files/0/note.txt"],
    ["years and months", "map/2019/11/21.jpg"],
    ["numbers that no layout's own file stands by", "map/1/2/3.jpg"],
    ["a program", "map/index.html"],
  ])("%s", async (_what, file) => {
    const before = { ...OLD, [file]: "mine" };
    if (file.startsWith("map/1/")) delete (before as Record<string, string>)["map/blank.png"];
    await writeTree(before);
    await prepare();
    await expect(publish(real, publications())).rejects.toMatchObject({ code: "OUTPUT_UNWRITABLE" });
    expect(await tree()).toEqual(before);
  });

  it("a file, a link to a directory, and a folder with a link inside", async () => {
    const mine = join(root, "mine");
    await put(join(mine, "0/0_0.jpeg"), "mine");
    const folder = join(root, "cat_files");
    for (const make of [
      () => writeFile(folder, "mine"),
      () => symlink("mine", folder),
      async () => {
        await mkdir(folder);
        await symlink("../mine", join(folder, "0"));
      },
    ]) {
      await make();
      await prepare();
      await expect(publish(real, publications())).rejects.toMatchObject({ code: "OUTPUT_UNWRITABLE" });
      expect(await readFile(join(mine, "0/0_0.jpeg"), "utf8")).toBe("mine");
      await rm(folder, { recursive: true });
    }
  });
});

describe("after a daemon that died", () => {
  it("between any two of its renames all outputs appear", async () => {
    for (let survived = 1; survived <= 6; survived++) {
      await writeTree(OLD);
      await prepare();
      await expect(publish(dyingAfter(survived), publications())).rejects.toMatchObject({ code: "IO_ERROR" });
      await completeOrRemove(real, destinations, "7");
      expect([survived, await tree()]).toEqual([survived, NEW]);
      for (const name of ["map", "cat_files"]) await rm(join(root, name), { recursive: true });
    }
  });

  it("while pyramids were diced, or before the first rename, nothing is left of them", async () => {
    for (const half of [[], ["-1.tmp"], ["-1.tmp", "-2.tmp"], ["-0.tmp", "-1.tmp", "-2.tmp"]]) {
      await prepare();
      for (const name of half) await rename(join(root, `.spoold-7${name}`), join(root, `.spoold-7${name}.early`));
      await completeOrRemove(real, destinations, "7");
      expect([half, await tree()]).toEqual([half, {}]);
    }
  });

  it("nothing is left either when the attempt is swept, and links are not followed", async () => {
    await put(join(root, "mine/x.jpg"), "mine");
    await prepare();
    await symlink("../mine", join(root, ".spoold-7-1.tmp/link"));
    await symlink("mine", join(root, ".spoold-7-2.tmp.early"));
    await removeTemporaries(real, destinations, "7");
    expect(await tree()).toEqual({ "mine/x.jpg": "mine" });
  });
});

/** Temporaries as a worker leaves them. */
async function prepare(): Promise<void> {
  await writeTree({
    ".spoold-7-0.tmp": "new",
    ".spoold-7-1.tmp/tiles_files/0/0_0.jpeg": "new",
    ".spoold-7-1.tmp/tiles.dzi": "new",
    ".spoold-7-2.tmp/tiles/ImageProperties.xml": "new",
  });
}

function publications(): ReturnType<typeof publicationsOf> {
  return publicationsOf(destinations, "7");
}

async function writeTree(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) await put(join(root, name), content);
}

async function tree(): Promise<Record<string, string>> {
  const files = await filesBelow(root);
  return Object.fromEntries(
    await Promise.all(files.map(async (name) => [name, await readFile(join(root, name), "utf8")] as const)),
  );
}

function withFs(changed: Partial<FileSystem>): System {
  return { ...real, fs: { ...real.fs, ...changed } };
}

function withRename(renaming: (from: string, to: string) => Promise<void>): System {
  return withFs({ rename: (from, to) => renaming(String(from), String(to)) });
}

function failingRename(failing: number, onwards = false): System {
  let calls = 0;
  return withRename(async (from, to) => {
    calls += 1;
    if (calls === failing || (onwards && calls > failing))
      throw Object.assign(new Error("made by the test"), { code: "EACCES" });
    await real.fs.rename(from, to);
  });
}

/** A system whose renames, links and removals work until so many renames are done, and then never again. */
function dyingAfter(survived: number): System {
  let calls = 0;
  const dead = (): void => {
    if (calls >= survived) throw new Error("died");
  };
  return withFs({
    rename: async (from, to) => {
      dead();
      calls += 1;
      await real.fs.rename(from, to);
    },
    unlink: async (path) => {
      dead();
      await real.fs.unlink(path);
    },
    rm: async (path, options) => {
      dead();
      await real.fs.rm(path, options);
    },
    open: async (...call: Parameters<FileSystem["open"]>) => {
      dead();
      return real.fs.open(...call);
    },
  });
}
