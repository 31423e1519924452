import { link, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SpooldError } from "../../src/errors.ts";
import { type IntakeContext, rejectDrop, restoreTakenDrops, returnReason, takeIn } from "../../src/spool/intake.ts";
import { fingerprintOf, readTaskFile } from "../../src/spool/task-file.ts";
import { realSystem, type System } from "../../src/system.ts";
import { committerOf, filesByState, names, newSpool, put, readJson } from "../support/directories.ts";
import { type Before, errno, failing, record } from "../support/recorder.ts";
import { DROP, TASK } from "./task.ts";

const real = realSystem();

interface Drops extends IntakeContext {
  /** Puts a file into tasks/ and takes it in. */
  take(name: string, content?: string): ReturnType<typeof takeIn>;
}

async function drops(before?: Before): Promise<Drops> {
  const layout = await newSpool();
  const system: System = record(layout.root, before).system;
  const context = { system, layout, committer: committerOf(layout, system) };
  return {
    ...context,
    async take(name, content = DROP) {
      return takeIn(context, name, await settled(await put(join(layout.tasks, name), content)));
    },
  };
}

async function settled(path: string) {
  const file = await readTaskFile(real, path);
  if (file.kind === "unreadable") throw new Error(file.because);
  return file;
}

describe("a drop", () => {
  it("keeps the number that its name says, with or without zeros and ending", async () => {
    const { take, layout } = await drops();
    for (const [name, number] of [
      ["42.json", 42],
      ["043", 43],
      ["0044.json", 44],
      ["45.p7.json", 45],
    ] as const) {
      expect(await take(name)).toMatchObject({ kind: "accepted", name, number, task: TASK });
    }
    expect(await names(layout.tasks)).toEqual(["42.json", "43.json", "44.json", "45.p7.json"]);
    expect(await names(layout.tmp)).toEqual([]);
  });

  it("without a number gets the next free one, and its own priority", async () => {
    const { take, layout } = await drops();
    await take("7.json");
    expect(await take("cat.json", JSON.stringify({ ...TASK, priority: 3 }))).toMatchObject({ number: 8 });
    expect(await names(layout.tasks)).toEqual(["7.json", "8.p3.json"]);
  });

  it("is copied: a writer that still holds it open changes nothing", async () => {
    const { take, layout } = await drops();
    const path = join(layout.tasks, "42.json");
    await put(path);
    const writer = await real.fs.open(path, "a");
    await take("42.json");
    await writer.writeFile("more");
    await writer.close();
    expect(await readJson(path)).toMatchObject({ key: expect.any(String), ...TASK });
  });

  it("that names the same number as another one gets the next free number: both run", async () => {
    const { take, layout } = await drops();
    await put(join(layout.tasks, "042"));
    const first = await take("42.json");
    const second = await takeIn(await contextOf(layout), "042", await settled(join(layout.tasks, "042")));
    const numbers = [first, second].map((intake) => (intake.kind === "accepted" ? intake.number : 0));
    expect(numbers.sort()).toEqual([42, 43]);
    expect(await names(layout.tasks)).toEqual(["42.json", "43.json"]);
  });

  it("that was replaced after the look is left alone: the new one is there, whole", async () => {
    const { layout, ...context } = await drops();
    const path = await put(join(layout.tasks, "cat.json"));
    const file = await settled(path);
    await rm(path);
    await writeFile(path, "a new one");
    expect(await takeIn({ ...context, layout }, "cat.json", file)).toEqual({ kind: "changed", name: "cat.json" });
    expect(await readFile(path, "utf8")).toBe("a new one");
    expect(await names(layout.tmp)).toEqual([]);
  });

  it("that went after the look is no error", async () => {
    const { layout, ...context } = await drops();
    const file = await settled(await put(join(layout.tasks, "cat.json")));
    await rm(join(layout.tasks, "cat.json"));
    expect(await takeIn({ ...context, layout }, "cat.json", file)).toEqual({ kind: "changed", name: "cat.json" });
    const error = new SpooldError("TASK_INVALID");
    expect(await rejectDrop({ ...context, layout }, "cat.json", file.fingerprint, error)).toMatchObject({
      kind: "changed",
    });
    expect(await filesByState(layout)).toEqual([]);
  });

  it("goes back beside a newer one of its name when it changed and the name was taken meanwhile", async () => {
    const layout = await newSpool();
    const path = await put(join(layout.tasks, "cat.json"), "first");
    const file = await settled(await put(join(layout.held, "x"), DROP));
    const { system } = record(layout.root, async (text) => {
      if (text.startsWith("link tmp/taken")) await put(path, "second").catch(() => undefined);
    });
    await takeIn({ system, layout, committer: committerOf(layout) }, "cat.json", file);
    expect(await names(layout.tasks)).toEqual(["cat-2.json", "cat.json"]);
    expect(await readFile(path, "utf8")).toBe("second");
  });

  it("goes back when its copy cannot be committed, and the error is told", async () => {
    const { take, layout } = await drops(failing("ENOSPC", (text) => text.startsWith("write ")));
    await expect(take("cat.json")).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(await filesByState(layout)).toEqual(["tasks/cat.json"]);
    expect(await names(layout.tmp)).toEqual([]);
  });

  it("leaves nothing to be put back when its copy was claimed although the fsync of tasks/ failed", async () => {
    const { take, layout } = await drops(async (text) => {
      if (text !== "fsync tasks") return;
      await rename(join(layout.tasks, "1.json"), join(layout.active, "1.a1.json"));
      throw errno("EIO");
    });
    expect(await take("cat.json")).toMatchObject({ kind: "accepted", number: 1 });
    expect(await filesByState(layout)).toEqual(["active/1.a1.json"]);
    expect(await names(layout.tmp)).toEqual([]);
  });

  it("may have the longest name there is", async () => {
    const { take, layout } = await drops();
    const long = `${"ä".repeat(125)}.json`;
    expect(await take(long)).toMatchObject({ kind: "accepted", number: 1 });
    expect(await take(`${"0".repeat(248)}7.json`)).toMatchObject({ kind: "accepted", number: 7 });
    expect(await take(long, "no task")).toMatchObject({ kind: "rejected" });
    expect(await names(layout.rejected)).toHaveLength(2);
  });
});

describe("a drop that is no task", () => {
  it("goes to rejected/ byte for byte, with the reason beside it", async () => {
    const { take, layout } = await drops();
    const intake = await take("cat.json", '{"source": 1}\u0000');
    expect(intake).toMatchObject({ kind: "rejected", as: "cat.json", error: { code: "TASK_INVALID" } });
    expect(await filesByState(layout)).toEqual(["rejected/cat.json", "rejected/cat.json.reason.json"]);
    expect(await readFile(join(layout.rejected, "cat.json"), "utf8")).toBe('{"source": 1}\u0000');
    expect(await readJson(join(layout.rejected, "cat.json.reason.json"))).toMatchObject({
      error: { code: "TASK_INVALID" },
      attempts: [],
    });
    expect(await names(layout.tmp)).toEqual([]);
  });

  it("never overwrites an earlier one of the same name, nor its reason", async () => {
    const { take, layout } = await drops();
    for (const content of ["one", "two", "three"]) await take("42", content);
    const kept = ["42", "42.2", "42.3"];
    expect(await names(layout.rejected)).toEqual(kept.flatMap((name) => [name, `${name}.reason.json`]).sort());
    const contents = await Promise.all(kept.map((name) => readFile(join(layout.rejected, name), "utf8")));
    expect(contents).toEqual(["one", "two", "three"]);
  });

  it("that is too large is rejected unread", async () => {
    const { take, layout } = await drops();
    const intake = await take("big.json", " ".repeat(70_000));
    expect(intake).toMatchObject({ kind: "rejected", error: { code: "TASK_TOO_LARGE", facts: { bytes: 70_000 } } });
    expect((await stat(join(layout.rejected, "big.json"))).size).toBe(70_000);
  });

  it("stays in tasks/ when it changed after the look, and no reason is left", async () => {
    const { layout, ...context } = await drops();
    const path = await put(join(layout.tasks, "cat.json"), "half");
    const fingerprint = await fingerprintOf(real, path);
    await writeFile(path, DROP);
    const intake = await rejectDrop({ ...context, layout }, "cat.json", fingerprint, new SpooldError("TASK_INVALID"));
    expect(intake).toEqual({ kind: "changed", name: "cat.json" });
    expect(await filesByState(layout)).toEqual(["tasks/cat.json"]);
  });
});

describe("a drop that was being taken in when the daemon died", () => {
  it("is a task exactly once after the next start, wherever the daemon died", async () => {
    const calls = await intakeCalls();
    expect(calls).toContain("rename tasks/cat.json tmp/taken.#1.cat.json");
    for (let survived = 0; survived <= calls.length; survived++) {
      let count = 0;
      const dying = await drops((text) => {
        if (++count > survived && !text.startsWith("close ")) throw errno("EIO");
      });
      await dying.take("cat.json").catch(() => undefined);
      const { layout } = dying;
      await restoreTakenDrops(real, layout);
      const left = await filesByState(layout);
      const at = `died at ${calls[survived]}`;
      expect(left, at).toHaveLength(1);
      expect(["tasks/cat.json", "tasks/1.json"], at).toContain(left[0]);
      const rest = (await names(layout.tmp)).filter((name) => name.startsWith("taken."));
      expect(rest, at).toEqual([]);
    }
  });

  it("is told by name when it is put back, and loses against nothing that has its name now", async () => {
    const layout = await newSpool();
    const taken = `taken.${"0".repeat(8)}-0000-0000-0000-${"0".repeat(12)}.cat.json`;
    await put(join(layout.tmp, taken), "old");
    await put(join(layout.tasks, "cat.json"), "new");
    expect(await restoreTakenDrops(real, layout)).toEqual(["cat.json"]);
    expect(await readFile(join(layout.tasks, "cat.json"), "utf8")).toBe("new");
    expect(await readFile(join(layout.tasks, "cat-2.json"), "utf8")).toBe("old");
  });

  it("is not put back when its copy is a task already, under whatever name", async () => {
    const layout = await newSpool();
    const nonce = `${"0".repeat(8)}-0000-0000-0000-${"0".repeat(12)}`;
    await put(join(layout.tmp, `taken.${nonce}.cat.json`));
    await link(await put(join(layout.tmp, `${nonce}.json`)), join(layout.held, "9.json"));
    expect(await restoreTakenDrops(real, layout)).toEqual([]);
    expect(await filesByState(layout)).toEqual(["held/9.json"]);
    expect(await names(layout.tmp)).toEqual([]);
  });
});

describe("a reason file that came along with a retried task", () => {
  it("goes back to failed/; that it went by itself is no error", async () => {
    const layout = await newSpool();
    await put(join(layout.tasks, "42.reason.json"), "why");
    await returnReason(real, layout, "42.reason.json");
    await returnReason(real, layout, "42.reason.json");
    expect(await filesByState(layout)).toEqual(["failed/42.reason.json"]);
  });
});

async function contextOf(layout: IntakeContext["layout"]): Promise<IntakeContext> {
  return { system: real, layout, committer: committerOf(layout) };
}

async function intakeCalls(): Promise<string[]> {
  const layout = await newSpool();
  const recorder = record(layout.root);
  const file = await settled(await put(join(layout.tasks, "cat.json")));
  await takeIn({ system: recorder.system, layout, committer: committerOf(layout, recorder.system) }, "cat.json", file);
  return recorder.calls();
}
