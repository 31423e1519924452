import { execFileSync } from "node:child_process";
import { truncate, utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listState } from "../../src/spool/list.ts";
import { realSystem } from "../../src/system.ts";
import { newSpool, put } from "../support/directories.ts";
import { TASK } from "./task.ts";

const real = realSystem();
const CONTENT = JSON.stringify({ ...TASK, supplicant: "alice", summary: "sizes" });

describe("a list of a state", () => {
  it("shows what the name and the file say", async () => {
    const layout = await newSpool();
    await utimes(await put(join(layout.deferred, "5000.42.p3.a2.json"), CONTENT), 100, 100);
    const dueAt = "1970-01-01T00:00:05.000Z";
    expect(await listState({ ...real, nowMs: () => 101_000 }, layout, "deferred", 10)).toEqual([
      {
        ...{ state: "deferred", number: 42, file: "5000.42.p3.a2.json", priority: 3, attempt: 2, dueAt },
        ...{ supplicant: "alice", summary: "sizes", ageMs: 1_000, status: null },
      },
    ]);
  });

  it("is in the order of starting, drops without a number behind, cut to its limit", async () => {
    const layout = await newSpool();
    const names = ["9.json", "1x.json", "10.json", "a.json", "3.p9.json", ".hidden", "7.reason.json", "notes.txt"];
    for (const name of names) await put(join(layout.tasks, name), CONTENT);
    const files = async (limit: number) => (await listState(real, layout, "tasks", limit)).map(({ file }) => file);
    expect(await files(10)).toEqual(["3.p9.json", "9.json", "10.json", "1x.json", "a.json"]);
    expect(await files(2)).toEqual(["3.p9.json", "9.json"]);
  });

  it("shows rejected drops by name, whatever they are called, without their reasons", async () => {
    const layout = await newSpool();
    for (const name of ["42", "42.reason.json", "cat.json", "cat.json.reason.json"]) {
      await put(join(layout.rejected, name), "no JSON");
    }
    const listed = await listState(real, layout, "rejected", 10);
    expect(listed.map(({ file, number, supplicant }) => [file, number, supplicant])).toEqual([
      ["42", null, null],
      ["cat.json", null, null],
    ]);
  });

  it("never reads what is too large for a task, and never waits for a pipe", async () => {
    const layout = await newSpool();
    await truncate(await put(join(layout.rejected, "huge.json"), ""), 3 * 1024 ** 3);
    execFileSync("/usr/bin/env", ["mkfifo", join(layout.tasks, "pipe.json")]);
    expect(await listState(real, layout, "rejected", 10)).toMatchObject([{ file: "huge.json", summary: null }]);
    expect(await listState(real, layout, "tasks", 10)).toEqual([]);
  });

  it("has few files open at a time, however long it is", async () => {
    const layout = await newSpool();
    for (let number = 1; number <= 200; number++) await put(join(layout.done, `${number}.json`), CONTENT);
    let open = 0;
    let most = 0;
    const readFile = async (path: string): Promise<string> => {
      most = Math.max(most, ++open);
      const text = await real.fs.readFile(path, "utf8");
      open -= 1;
      return text;
    };
    const system = { ...real, fs: { ...real.fs, readFile: readFile as typeof real.fs.readFile } };
    const numbers = (await listState(system, layout, "done", 150)).map(({ number }) => number);
    expect(numbers).toEqual(Array.from({ length: 150 }, (_, index) => index + 1));
    expect(most).toBeLessThanOrEqual(64);
  });
});
