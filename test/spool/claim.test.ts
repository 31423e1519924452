import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { claim } from "../../src/spool/claim.ts";
import type { TaskEntry } from "../../src/spool/entries.ts";
import { fingerprintOf } from "../../src/spool/task-file.ts";
import { realSystem } from "../../src/system.ts";
import { readName } from "../../src/task/name.ts";
import { filesByState, names, newSpool, put } from "../support/directories.ts";
import { errno, record } from "../support/recorder.ts";
import { TASK_BYTES } from "./task.ts";

const real = realSystem();

async function waiting(state: TaskEntry["state"], file: string) {
  const layout = await newSpool();
  const path = await put(join(layout[state], file), TASK_BYTES);
  const kind = readName(file);
  if (kind.kind !== "task") throw new Error(`${file} is a ${kind.kind}`);
  return { layout, path, entry: { ...kind.entry, state, file }, seen: await fingerprintOf(real, path) };
}

describe("a claim", () => {
  it("counts the first attempt in the name", async () => {
    const { layout, entry, seen } = await waiting("tasks", "42.p3.json");
    const path = join(layout.active, "42.p3.a1.json");
    const active = { number: 42, priority: 3, attempt: 1, dueAtMs: 0, path, inode: seen.inode };
    expect(await claim(real, layout, entry, seen)).toEqual(active);
    expect(await filesByState(layout)).toEqual(["active/42.p3.a1.json"]);
    expect(await readFile(path)).toEqual(TASK_BYTES);
  });

  it("takes a deferred task with the attempt that is due", async () => {
    const { layout, entry, seen } = await waiting("deferred", "99.42.a3.json");
    expect(await claim(real, layout, entry, seen)).toMatchObject({ number: 42, attempt: 3 });
    expect(await filesByState(layout)).toEqual(["active/42.a3.json"]);
  });

  it("is none when the file has gone", async () => {
    const { layout, entry, seen, path } = await waiting("tasks", "42.json");
    await rm(path);
    expect(await claim(real, layout, entry, seen)).toBeUndefined();
  });

  it("is none when the file has changed since it was checked, and the file goes back", async () => {
    const { layout, entry, seen, path } = await waiting("tasks", "42.json");
    await writeFile(path, "changed");
    expect(await claim(real, layout, entry, seen)).toBeUndefined();
    expect(await readFile(path, "utf8")).toBe("changed");
    expect(await names(layout.active)).toEqual([]);
  });

  it("that cannot be made durable leaves the task where it was, and what was dropped there since as well", async () => {
    for (const dropped of [false, true]) {
      const { layout, entry, seen, path } = await waiting("deferred", "99.42.a3.json");
      const { system } = record(layout.root, async (text) => {
        if (text !== "open active") return;
        if (dropped) await writeFile(path, "dropped");
        throw errno("EMFILE");
      });
      await expect(claim(system, layout, entry, seen)).rejects.toMatchObject({ code: "EMFILE" });
      const back = dropped ? ["deferred/99.42.a3.json", "tasks/99.42.a3.json"] : ["deferred/99.42.a3.json"];
      expect(await filesByState(layout)).toEqual(back);
    }
  });

  it("that is taken back overwrites nothing that was dropped under the name meanwhile", async () => {
    const { layout, entry, seen, path } = await waiting("tasks", "42.json");
    await rename(path, join(layout.tmp, "kept-open"));
    await writeFile(path, "second");
    const { system } = record(layout.root, async (text) => {
      if (text === "lstat active/42.a1.json") await writeFile(path, "third");
    });
    expect(await claim(system, layout, entry, seen)).toBeUndefined();
    const contents = await Promise.all(
      (await names(layout.tasks)).map((name) => readFile(join(layout.tasks, name), "utf8")),
    );
    expect(contents.sort()).toEqual(["second", "third"]);
  });
});
