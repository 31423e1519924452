import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkSpool, createSpool, type Layout, layoutOf, requireSpool, STATES } from "../../src/spool/layout.ts";
import { openSequence } from "../../src/spool/sequence.ts";
import { type FileSystem, realSystem, type System } from "../../src/system.ts";
import { filesByState, names, newDirectory, newSpool, put, startCompanion } from "../support/directories.ts";
import { failing, record } from "../support/recorder.ts";

const real = realSystem();
const PRODUCER = new URL("./producer-process.ts", import.meta.url);

/** As if one directory of the spool were the root of another file system. */
function mounted(directory: string): System {
  const lstat = (async (...call: Parameters<FileSystem["lstat"]>) => {
    const stat = await real.fs.lstat(...call);
    return call[0] === directory ? Object.assign(stat, { dev: -1 }) : stat;
  }) as FileSystem["lstat"];
  return { ...real, fs: { ...real.fs, lstat } };
}

async function complete(layout: Layout): Promise<void> {
  expect(await names(layout.root)).toEqual([...STATES, "run", "tmp"].sort());
  expect(await names(layout.run)).toEqual(["attempts", "sequence.0"]);
  expect(await names(layout.tmp)).toEqual([]);
  await checkSpool(real, layout);
}

describe("a new spool", () => {
  it("has all its directories, private to its owner, and its sequence", async () => {
    const layout = layoutOf(join(await newDirectory(), "deep", "below", "spool"));
    await createSpool(real, layout);
    await complete(layout);
    for (const directory of [layout.root, layout.tasks, layout.run, layout.attempts]) {
      expect((await real.fs.lstat(directory)).mode & 0o777).toBe(0o700);
    }
  });

  it("is made once by eight calls at the same time", async () => {
    const layout = layoutOf(join(await newDirectory(), "spool"));
    await Promise.all(Array.from({ length: 8 }, () => createSpool(real, layout)));
    await complete(layout);
  });

  it("is made once by two processes at the same time", async () => {
    const layout = layoutOf(join(await newDirectory(), "spool"));
    const makers = Array.from({ length: 2 }, () => startCompanion(PRODUCER, [layout.root, "create"]));
    expect(await Promise.all(makers.map((maker) => maker.ended))).toEqual([0, 0]);
    await complete(layout);
  });

  it("is left alone when it is there already", async () => {
    const layout = await newSpool();
    await openSequence(real, layout).reserve(7);
    await put(join(layout.tasks, "7.json"));
    await createSpool(real, layout);
    expect(await openSequence(real, layout).highest()).toBe(7);
    expect(await filesByState(layout)).toEqual(["tasks/7.json"]);
  });

  it("is completed by the next call when the first one broke off anywhere", async () => {
    const recorder = record("/");
    const trial = layoutOf(join(await newDirectory(), "spool"));
    await createSpool(recorder.system, trial);
    for (let survived = 0; survived < recorder.calls().length; survived++) {
      const layout = layoutOf(join(await newDirectory(), "spool"));
      let count = 0;
      const dying = record(
        layout.root,
        failing("EIO", (text) => ++count > survived && !text.startsWith("close")),
      );
      await createSpool(dying.system, layout).catch(() => undefined);
      await createSpool(real, layout);
      await checkSpool(real, layout);
      expect(await openSequence(real, layout).reserve(1)).toBe(1);
    }
  });
});

describe("the check of a spool", () => {
  it("says SPOOL_MISSING where there is none, or where a part of it is no directory", async () => {
    const directory = await newDirectory();
    await expect(requireSpool(real, layoutOf(directory))).rejects.toMatchObject({ code: "SPOOL_MISSING" });
    await writeFile(join(directory, "file"), "");
    await expect(requireSpool(real, layoutOf(join(directory, "file")))).rejects.toMatchObject({
      code: "SPOOL_MISSING",
    });
    const layout = await newSpool();
    await requireSpool(real, layout);
    await rm(layout.held, { recursive: true });
    await expect(checkSpool(real, layout)).rejects.toMatchObject({ facts: { directory: layout.held } });
    await symlink(layout.tasks, layout.held);
    await expect(checkSpool(real, layout)).rejects.toMatchObject({ code: "SPOOL_MISSING" });
  });

  it("says SPOOL_SPLIT and which directory when a part lies on another file system", async () => {
    const layout = await newSpool();
    for (const directory of [layout.active, layout.tmp, layout.run]) {
      const error = { code: "SPOOL_SPLIT", facts: { directory } };
      await expect(checkSpool(mounted(directory), layout)).rejects.toMatchObject(error);
    }
  });

  it("says SPOOL_UNSAFE and the mode when others may write into a directory of its own", async () => {
    for (const mode of [0o720, 0o702, 0o777, 0o1777]) {
      const layout = await newSpool();
      await chmod(layout.active, mode);
      const error = { code: "SPOOL_UNSAFE", facts: { directory: layout.active, mode: mode.toString(8) } };
      await expect(checkSpool(real, layout)).rejects.toMatchObject(error);
    }
  });

  it("lets others write into tasks/ when it is sticky, so that they cannot take each other's drops", async () => {
    const layout = await newSpool();
    for (const mode of [0o1770, 0o1730, 0o1733, 0o1777]) {
      await chmod(layout.tasks, mode);
      await checkSpool(real, layout);
    }
    for (const mode of [0o770, 0o730, 0o777]) {
      await chmod(layout.tasks, mode);
      await expect(checkSpool(real, layout)).rejects.toMatchObject({ code: "SPOOL_UNSAFE" });
    }
  });

  it("does not mind what people have put beside its directories", async () => {
    const layout = await newSpool();
    await mkdir(join(layout.root, "notes"));
    await checkSpool(real, layout);
  });
});
