import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, realpath, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readSource, type SourceBytes } from "../../src/image/source.ts";
import { realSystem, type System } from "../../src/system.ts";

const system = realSystem();
let folder: string;
let root: string;
let path: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "spoold-source-")));
  root = join(folder, "root");
  path = join(root, "cat.jpg");
  await mkdir(root);
});

afterEach(() => rm(folder, { recursive: true }));

describe("a source", () => {
  it("is read whole, up to the limit itself", async () => {
    await writeFile(path, "twelve bytes");
    expect(String((await read(12)).bytes)).toBe("twelve bytes");
    await expect(read(11)).rejects.toMatchObject({ code: "SOURCE_TOO_LARGE", facts: { path, bytes: 12, limit: 11 } });
  });

  it("is measured before it is read, so a sparse file of a terabyte costs nothing", async () => {
    await writeFile(path, "");
    await truncate(path, 2 ** 40);
    await expect(read(1_000)).rejects.toMatchObject({ code: "SOURCE_TOO_LARGE" });
  });

  it("is damaged when it is empty", async () => {
    await writeFile(path, "");
    await expect(read()).rejects.toMatchObject({ code: "SOURCE_DAMAGED" });
  });

  it("is no directory, pipe or socket, and none of them is waited for", async () => {
    await mkdir(path);
    await expect(read()).rejects.toMatchObject({ code: "SOURCE_NOT_FILE" });
    await rm(path, { recursive: true });

    execFileSync("env", ["mkfifo", path]);
    await expect(read()).rejects.toMatchObject({ code: "SOURCE_NOT_FILE" });
    await rm(path);

    const server = createServer();
    await new Promise<void>((listening) => server.listen(path, listening));
    await expect(read()).rejects.toMatchObject({ code: "SOURCE_NOT_FILE" });
    await new Promise((closed) => server.close(closed));
  });

  it("is not read through a link that took its name", async () => {
    await writeFile(join(root, "other.jpg"), "other");
    await symlink(join(root, "other.jpg"), path);
    await expect(read()).rejects.toMatchObject({ code: "SOURCE_UNREADABLE" });
  });

  it("is missing when it went away", async () => {
    await expect(read()).rejects.toMatchObject({ code: "SOURCE_MISSING", facts: { path } });
  });

  it.runIf(process.platform === "linux")("is refused when a directory on its way became a link out", async () => {
    await mkdir(join(folder, "outside"));
    await writeFile(join(folder, "outside", "cat.jpg"), "secret");
    await symlink(join(folder, "outside"), join(root, "a"));
    const swapped = readSource(system, join(root, "a", "cat.jpg"), { roots: [root], limits: { maxInputBytes: 100 } });
    await expect(swapped).rejects.toMatchObject({ code: "PATH_OUTSIDE_ROOTS" });
  });

  it.runIf(process.platform === "linux")("is the newer file when it was replaced while being opened", async () => {
    await writeFile(path, "old");
    await writeFile(join(root, "new"), "new");
    let replaced = false;
    const replacing: System = {
      ...system,
      fs: {
        ...system.fs,
        open: async (...call: Parameters<typeof system.fs.open>) => {
          const handle = await system.fs.open(...call);
          if (!replaced) await rename(join(root, "new"), path);
          replaced = true;
          return handle;
        },
      },
    };
    expect(String((await read(100, replacing)).bytes)).toBe("new");
  });
});

function read(maxInputBytes = 1_000, through: System = system): Promise<SourceBytes> {
  return readSource(through, path, { roots: [root], limits: { maxInputBytes } });
}
