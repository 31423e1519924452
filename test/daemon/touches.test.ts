import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createBusy, touchesOf } from "../../src/daemon/touches.ts";
import { resolveRoots } from "../../src/image/paths.ts";
import { realSystem } from "../../src/system.ts";
import { freshDirectory } from "../support/daemon.ts";

const system = realSystem();

describe("the files that a task touches", () => {
  it("are known by their real paths, so that two names of one file are one", async () => {
    const directory = await freshDirectory();
    await mkdir(join(directory, "real"));
    await writeFile(join(directory, "real/a.jpg"), "a");
    await symlink("real", join(directory, "linked"));
    const roots = await resolveRoots(system, [directory]);
    const through = await touchesOf(system, { source: "linked/a.jpg", outputs: [{ file: "linked/b.jpg" }] }, roots);
    const direct = await touchesOf(system, { source: "real/a.jpg", outputs: [{ file: "real/../real/b.jpg" }] }, roots);
    expect(through).toEqual(direct);
    expect(direct.writes).toEqual([join(String(roots[0]), "real/b.jpg")]);
  });

  it("are also the overlays of its steps, by their own names and their real paths", async () => {
    const directory = await freshDirectory();
    await writeFile(join(directory, "logo.png"), "logo");
    await symlink("logo.png", join(directory, "mark.png"));
    const roots = await resolveRoots(system, [directory]);
    const outputs = ["logo.png", "mark.png", "logo.png"].map((input, index) => ({
      file: `${index}.png`,
      steps: [{ flip: true as const }, { composite: { input } }],
    }));
    const { reads } = await touchesOf(system, { source: "a.jpg", outputs }, roots);
    expect(reads.map((path) => path.slice(String(roots[0]).length))).toEqual(["/a.jpg", "/logo.png", "/mark.png"]);
  });

  it("are told as they stand when they cannot be resolved", async () => {
    const roots = await resolveRoots(system, [await freshDirectory()]);
    const touches = await touchesOf(system, { source: "missing.jpg", outputs: [{ file: "../../out.jpg" }] }, roots);
    expect(touches.reads).toEqual([join(String(roots[0]), "missing.jpg")]);
    expect(touches.writes).toHaveLength(1);
  });
});

describe("a pyramid", () => {
  it("is touched with its folder, also where nothing of it can be resolved", async () => {
    const [root = ""] = await resolveRoots(system, [await freshDirectory()]);
    const outputs = [
      { file: "deep/cat.dzi", tile: {} },
      { file: "maps/cat", tile: { layout: "google" as const } },
      { file: "cat.zip", tile: { container: "zip" as const } },
      { file: "../out.dzi", tile: {} },
    ];
    const { writes, folders } = await touchesOf(system, { source: "a.jpg", outputs }, [root]);
    const outside = [join(root, "../out.dzi"), join(root, "../out_files")] as const;
    const [map, deep] = [join(root, "maps/cat"), join(root, "deep/cat_files")] as const;
    expect(folders).toEqual([deep, map, outside[1]]);
    expect(writes).toEqual([join(root, "deep/cat.dzi"), map, join(root, "cat.zip"), outside[0], deep, outside[1]]);
  });

  it.each([
    ["read from", { reads: ["/deep/cat_files/0/0_0.jpeg"], writes: [], folders: [] }, true],
    ["written to", { reads: [], writes: ["/deep/cat_files/note.txt"], folders: [] }, true],
    ["replaced", { reads: [], writes: ["/deep/cat_files"], folders: ["/deep/cat_files"] }, true],
    ["inside a folder that is replaced", { reads: [], writes: ["/deep"], folders: ["/deep"] }, true],
    ["beside what is written", { reads: [], writes: ["/deep/cat_files2"], folders: ["/deep/cat_files2"] }, false],
    ["beside what is read", { reads: ["/deep/cat.jpg"], writes: ["/deep/dog.jpg"], folders: [] }, false],
  ])("of one task is %s by another: they conflict or not, whichever is first", (_what, other, expected) => {
    const pyramid = { reads: ["/cat.tif"], writes: ["/deep/cat.dzi", "/deep/cat_files"], folders: ["/deep/cat_files"] };
    for (const [first, second] of [
      [pyramid, other],
      [other, pyramid],
    ] as const) {
      const busy = createBusy();
      busy.add(first);
      expect(busy.conflicts(second)).toBe(expected);
    }
  });
});

describe("two tasks", () => {
  const running = { reads: ["/in.jpg"], writes: ["/out.jpg"], folders: [] };
  it.each([
    ["both write one file", { reads: [], writes: ["/out.jpg"] }, true],
    ["the later reads what the earlier writes", { reads: ["/out.jpg"], writes: [] }, true],
    ["the later writes what the earlier reads", { reads: [], writes: ["/in.jpg"] }, true],
    ["both read one file", { reads: ["/in.jpg"], writes: ["/other.jpg"] }, false],
    ["they have nothing in common", { reads: ["/a"], writes: ["/b"] }, false],
  ])("conflict or not when %s", (_when, later, expected) => {
    const busy = createBusy();
    busy.add(running);
    expect(busy.conflicts({ ...later, folders: [] })).toBe(expected);
  });
});
