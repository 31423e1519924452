import { execFileSync } from "node:child_process";
import { constants } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { directSystem } from "../src/direct-system.ts";
import { syncDirectory, writeDurably } from "../src/system.ts";

const system = directSystem();
let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "spoold-direct-"));
});
afterEach(() => rm(directory, { recursive: true }));

describe("a file that is made by the calling thread", () => {
  it("is whole and for its owner only, and never replaces another one", async () => {
    const path = join(directory, "a");
    await writeDurably(system, path, Buffer.from("whole"));
    expect(await readFile(path, "utf8")).toBe("whole");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await expect(writeDurably(system, path, Buffer.from("other"))).rejects.toMatchObject({ code: "EEXIST" });
    expect(await readFile(path, "utf8")).toBe("whole");
  });

  it("goes on where the last write ended", async () => {
    const path = join(directory, "a");
    const file = await system.fs.open(path, "wx", 0o600);
    await file.writeFile("one ");
    await file.writeFile("two");
    await file.sync();
    await file.close();
    expect(await readFile(path, "utf8")).toBe("one two");
  });

  it("has no descriptor once it is closed, whoever has that number by then, and may be closed twice", async () => {
    const handle = await system.fs.open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    expect((await handle.stat()).isDirectory()).toBe(true);
    await handle.close();
    const other = await system.fs.open(join(directory, "b"), "wx", 0o600);
    await handle.close();
    expect(handle.fd).toBe(-1);
    await expect(handle.sync()).rejects.toThrow();
    await other.writeFile("kept");
    await other.close();
    expect(await readFile(join(directory, "b"), "utf8")).toBe("kept");
  });
});

describe("what the calling thread asks of the file system", () => {
  it("rejects, and does not throw, when it fails", async () => {
    const { fs } = system;
    const missing = join(directory, "missing");
    for (const call of [
      () => fs.unlink(missing),
      () => fs.rename(missing, join(directory, "x")),
      () => fs.link(missing, join(directory, "x")),
      () => fs.rmdir(missing),
      () => fs.mkdir(directory),
      () => fs.open(join(missing, "a"), "wx"),
      () => syncDirectory(system, missing),
    ])
      await expect(call()).rejects.toMatchObject({ code: expect.stringMatching(/^E(?:NOENT|EXIST)$/) });
  });
});

describe("a file that is opened without waiting", () => {
  const { O_RDONLY, O_RDWR, O_CREAT, O_NONBLOCK } = constants;

  it("is read where it is asked for, up to its end, much of it as little of it", async () => {
    const path = join(directory, "a");
    const bytes = Buffer.alloc(300 * 1_024, "abc");
    await writeDurably(system, path, bytes);
    const file = await system.fs.open(path, O_RDONLY | O_NONBLOCK);
    for (const [length, position] of [
      [10, 0],
      [100, bytes.length - 4],
      [bytes.length, 7],
    ] as const) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, position);
      expect(buffer.subarray(0, bytesRead).equals(bytes.subarray(position, position + length))).toBe(true);
      expect(bytesRead).toBe(Math.min(length, bytes.length - position));
    }
    expect((await file.readFile()).equals(bytes)).toBe(true);
    await file.close();
    await expect(file.read(Buffer.alloc(1), 0, 1, 0)).rejects.toThrow();
  });

  it("is overwritten in place", async () => {
    const path = join(directory, "a");
    const file = await system.fs.open(path, O_RDWR | O_CREAT | O_NONBLOCK, 0o600);
    await file.write("one two", 0);
    await file.write("2", 4);
    await file.close();
    expect(await readFile(path, "utf8")).toBe("one 2wo");
  });

  it("hangs nobody when it is a pipe", async () => {
    const path = join(directory, "pipe");
    execFileSync("env", ["mkfifo", path]);
    const pipe = await system.fs.open(path, O_RDONLY | O_NONBLOCK);
    expect((await pipe.stat()).isFIFO()).toBe(true);
    await pipe.close();
  });
});

it("lets others have their turn when many files are read one after the other", async () => {
  const path = join(directory, "a");
  await writeFile(path, "abc");
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 0);
  for (let count = 0; count < 6_400; count++) {
    const file = await system.fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    await file.close();
  }
  clearInterval(timer);
  expect(turns).toBeGreaterThan(0);
});

describe("a listing", () => {
  it("tells all names, also of many, and of a directory that is left early nothing stays open", async () => {
    const names = Array.from({ length: 1_100 }, (_name, index) => `${index}.json`);
    for (const name of names) await writeFile(join(directory, name), "");
    const found: string[] = [];
    for await (const { name } of await system.fs.opendir(directory, { bufferSize: 1_024 })) found.push(name);
    expect(found.toSorted()).toEqual(names.toSorted());
    const openBefore = (await readdir("/proc/self/fd")).length;
    for (let round = 0; round < 20; round++) for await (const _first of await system.fs.opendir(directory)) break;
    expect((await readdir("/proc/self/fd")).length).toBeLessThan(openBefore + 10);
    await expect(system.fs.opendir(join(directory, "missing"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
