import { execFileSync } from "node:child_process";
import { appendFile, chmod, mkdir, symlink, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { fingerprintOf, isSameFile, readTaskFile } from "../../src/spool/task-file.ts";
import { type FileSystem, realSystem, type System } from "../../src/system.ts";
import { MAX_TASK_BYTES } from "../../src/task/text.ts";
import { newDirectory, put } from "../support/directories.ts";
import { errno } from "../support/recorder.ts";
import { DROP, TASK, TASK_BYTES } from "./task.ts";

const real = realSystem();

async function read(name: string, content: string | Uint8Array, system: System = real) {
  return readTaskFile(system, await put(join(await newDirectory(), name), content));
}

/** Opens as the real system does, and lets something happen to the file before it is read. */
function between(happen: (path: string) => Promise<void>): System {
  const open = async (...call: Parameters<FileSystem["open"]>) => {
    const handle = await real.fs.open(...call);
    const stat = handle.stat.bind(handle);
    handle.stat = (async (options: { bigint: true }) => {
      const result = await stat(options);
      await happen(String(call[0]));
      return result;
    }) as typeof handle.stat;
    return handle;
  };
  return { ...real, fs: { ...real.fs, open } };
}

describe("a file in a task directory", () => {
  it("is a committed task when its key says so, and a drop when anything in it was changed", async () => {
    expect(await read("1.json", TASK_BYTES)).toMatchObject({ kind: "committed", task: TASK });
    const changed = TASK_BYTES.toString().replace("out.jpg", "other.jpg");
    expect(await read("1.json", changed)).toMatchObject({ kind: "drop", bytes: Buffer.from(changed) });
    expect(await read("1.json", DROP)).toMatchObject({ kind: "drop" });
    expect(await read("1.json", "")).toMatchObject({ kind: "drop" });
    expect(await read("1.json", '{"key": "deadbeef"')).toMatchObject({ kind: "drop" });
  });

  it("is read up to the size that a task may have, and not beyond", async () => {
    expect(await read("1.json", "x".repeat(MAX_TASK_BYTES))).toMatchObject({ kind: "drop" });
    expect(await read("1.json", "x".repeat(MAX_TASK_BYTES + 1))).toMatchObject({ kind: "oversized" });
  });

  it("that grows while it is read is read no further than the limit", async () => {
    const system = between((path) => appendFile(path, "x".repeat(4 * MAX_TASK_BYTES)));
    const file = await read("1.json", "x", system);
    if (file.kind !== "drop") throw new Error(`read as ${file.kind}`);
    expect(file.bytes.length).toBeLessThanOrEqual(MAX_TASK_BYTES + 1);
    expect(file.fingerprint.size).toBe(1n);
  });

  it("that is gone is told as gone", async () => {
    expect(await readTaskFile(real, join(await newDirectory(), "1.json"))).toMatchObject({ gone: true });
  });

  it("that is a pipe, a directory, a socket or a link never hangs, and is not read", async () => {
    const directory = await newDirectory();
    const at = (name: string): string => join(directory, name);
    execFileSync("/usr/bin/env", ["mkfifo", at("pipe.json")]);
    await mkdir(at("directory.json"));
    await symlink(await put(at("target")), at("link.json"));
    await symlink(at("nothing"), at("dangling.json"));
    const server = createServer().listen(at("s.json"));
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    for (const name of ["pipe.json", "directory.json", "link.json", "dangling.json", "s.json"]) {
      expect(await readTaskFile(real, at(name)), name).toMatchObject({ kind: "unreadable", gone: false });
    }
  });

  it("that may not be read is told with the errno", async () => {
    const path = await put(join(await newDirectory(), "1.json"));
    await chmod(path, 0o000);
    const file = await readTaskFile(real, path);
    // Root reads everything.
    if (process.getuid?.() === 0) expect(file.kind).toBe("drop");
    else expect(file).toEqual({ kind: "unreadable", gone: false, because: "EACCES" });
  });

  it("is not blamed for a machine that is out of descriptors", async () => {
    const system = { ...real, fs: { ...real.fs, open: () => Promise.reject(errno("EMFILE")) } };
    await expect(readTaskFile(system, "/x")).rejects.toMatchObject({ code: "EMFILE" });
  });
});

describe("a fingerprint", () => {
  it("is the same for the same file, and another after any change or replacement", async () => {
    const path = await put(join(await newDirectory(), "1.json"), "one");
    const first = await fingerprintOf(real, path);
    expect(isSameFile(first, await fingerprintOf(real, path))).toBe(true);
    await appendFile(path, "more");
    expect(isSameFile(first, await fingerprintOf(real, path))).toBe(false);
    await writeFile(path, "two");
    await utimes(path, 1, 1);
    expect(isSameFile(first, await fingerprintOf(real, path))).toBe(false);
  });

  it("is that of a link itself, never of what it leads to", async () => {
    const directory = await newDirectory();
    const target = await put(join(directory, "target"));
    await symlink(target, join(directory, "link"));
    const [ofLink, ofTarget] = [await fingerprintOf(real, join(directory, "link")), await fingerprintOf(real, target)];
    expect(isSameFile(ofLink, ofTarget)).toBe(false);
  });

  it("tells what was opened, also when the name leads elsewhere by the time of reading", async () => {
    const path = await put(join(await newDirectory(), "1.json"), TASK_BYTES);
    const system = between(async () => {
      await real.fs.unlink(path);
      await writeFile(path, "another");
    });
    expect(await readTaskFile(system, path)).toMatchObject({ kind: "committed" });
  });
});
