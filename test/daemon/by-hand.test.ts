import { copyFile, mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeEach, describe, expect, it } from "vitest";
import { openSpool } from "../../src/index.ts";
import { freshDirectory, launchDaemon, startDaemon } from "../support/daemon.ts";
import { namesIn, placePicture, placeSlowPicture, quickTask, slowTask, spoolIn, spoolTagOf } from "../support/spool.ts";

let directory: string;
const at = (path: string): string => join(directory, "spool", path);

beforeEach(async () => {
  directory = await freshDirectory();
  await placePicture(join(directory, "quick.jpg"));
});

describe("a task file that comes from another spool", () => {
  it("never lends its number to a task that is enqueued later", async () => {
    const other = await openSpool(join(directory, "other"));
    await other.enqueue(quickTask("foreign"));
    const spool = await spoolIn(directory);
    await spool.enqueue(quickTask("first"));
    await rename(join(directory, "other/tasks/1.json"), at("tasks/3.json"));
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(0);
    const next = await spool.enqueue(quickTask("next"));
    expect(next.number).toBe(4);
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(0);
    expect(await next.done()).toMatchObject({ summary: "next" });
  });

  it("gets a number of its own when a dead letter has the one it came with", async () => {
    const spool = await spoolIn(directory);
    await spool.enqueue({ ...quickTask("failing"), source: "missing.jpg" });
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(1);
    const deadLetter = await readFile(at("failed/1.json"), "utf8");
    const other = await openSpool(join(directory, "other"));
    await other.enqueue({ ...quickTask("foreign"), source: "absent.jpg" });
    await rename(join(directory, "other/tasks/1.json"), at("tasks/1.json"));
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(1);
    expect(await readFile(at("failed/1.json"), "utf8")).toBe(deadLetter);
    expect(await namesIn(directory, "failed")).toContain("2.json");
  });
});

describe("two files of one number", () => {
  it("become two tasks, each with a receipt", async () => {
    const spool = await spoolIn(directory);
    await spool.enqueue(quickTask("same"));
    await copyFile(at("tasks/1.json"), at("tasks/1.p5.json"));
    expect(await launchDaemon(directory, ["--once", "--concurrency", "2"]).ended).toBe(0);
    expect(await namesIn(directory, "done")).toEqual(["1.json", "2.json"]);
  });

  it("lose nothing when one of them lies in deferred/ without a key", async () => {
    const spool = await spoolIn(directory);
    await spool.enqueue(quickTask("one"));
    await spool.enqueue(quickTask("two"));
    await writeFile(at("deferred/2.json"), JSON.stringify(quickTask("dropped")));
    expect(await launchDaemon(directory, ["--once", "--concurrency", "1"]).ended).toBe(0);
    const summaries = await Promise.all(
      (await namesIn(directory, "done")).map(
        async (name) => JSON.parse(await readFile(at(`done/${name}`), "utf8")).summary,
      ),
    );
    expect(summaries.sort()).toEqual(["dropped", "one", "two"]);
  });
});

describe("a running task whose file a person takes away", () => {
  it("ends without a trace in failed/, and the daemon goes on", async () => {
    await placeSlowPicture(join(directory, "slow.jpg"));
    const spool = await spoolIn(directory);
    await spool.enqueue({ ...slowTask("taken"), timeoutMs: 800 });
    const daemon = await startDaemon(directory);
    await daemon.line(({ msg }) => msg === "task started");
    await rename(at("active/1.a1.json"), at("held/1.json"));
    await daemon.line(({ msg }) => msg === "task taken away");
    await (await spool.enqueue(quickTask("next"))).done();
    expect(await namesIn(directory, "failed")).toEqual([]);
    expect(await namesIn(directory, "held")).toEqual(["1.json"]);
  });
});

describe("rejected drops that are moved back with their reasons", () => {
  it("are looked at again, and the reasons go back to where they belong", async () => {
    await spoolIn(directory);
    await writeFile(at("tasks/bad.json"), '{"no":"task"}');
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(1);
    await writeFile(at("rejected/bad.json"), JSON.stringify(quickTask("mended")));
    for (const name of ["bad.json", "bad.json.reason.json"]) await rename(at(`rejected/${name}`), at(`tasks/${name}`));
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(0);
    expect(await namesIn(directory, "done")).toHaveLength(1);
    expect(await namesIn(directory, "tasks")).toEqual([]);
  });
});

describe("a spool that was damaged by hand", () => {
  it.each([
    ["an empty owner file", () => writeFile(at("run/owner.5.json"), "")],
    ["an owner file with null in it", () => writeFile(at("run/owner.5.json"), "null")],
    ["an owner of an absurd generation", () => writeFile(at("run/owner.9999999999999999.json"), "{}")],
    ["no attempts directory", () => rm(at("run/attempts"), { recursive: true })],
    ["a sequence that was renamed", () => rename(at("run/sequence.1"), at("run/sequence.01"))],
  ])("is taken over and works on with %s", async (_name, damage) => {
    const spool = await spoolIn(directory);
    await spool.enqueue(quickTask("before"));
    await damage();
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(0);
    expect((await (await spoolIn(directory)).enqueue(quickTask("after"))).number).toBe(2);
  });

  it("counts crashes anew when the record of attempts is damaged", async () => {
    const { number } = await (await spoolIn(directory)).enqueue(quickTask("orphan"));
    await rename(at(`tasks/${number}.json`), at(`active/${number}.a2.json`));
    await writeFile(at(`run/attempts/${number}.json`), "");
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(0);
    expect(await namesIn(directory, "done")).toEqual([`${number}.json`]);
  });
});

describe("an output", () => {
  it.each(["spool/tasks/2.json", "spool/run/owner.1.json", "spool/x/y.jpg", ".spoold-x.jpg"])(
    "is refused where it would harm the spool: %s",
    async (file) => {
      const spool = await spoolIn(directory);
      const bad = await spool.enqueue({
        source: "quick.jpg",
        priority: 9,
        outputs: [{ file, format: "jpeg", width: 8 }],
      });
      await spool.enqueue(quickTask("other"));
      expect(await launchDaemon(directory, ["--once", "--concurrency", "1"]).ended).toBe(1);
      await expect(bad.done()).rejects.toMatchObject({ cause: { code: "OUTPUT_UNWRITABLE" } });
      expect(await namesIn(directory, "done")).toEqual(["2.json"]);
    },
  );

  it("is waited for by the task that reads it through a link", async () => {
    await mkdir(join(directory, "real"));
    await symlink("real", join(directory, "linked"));
    await placeSlowPicture(join(directory, "slow.jpg"));
    const spool = await spoolIn(directory);
    await spool.enqueue({ source: "slow.jpg", outputs: [{ file: "linked/middle.png", width: 900 }] });
    await spool.enqueue({ source: "linked/middle.png", outputs: [{ file: "linked/end.png", width: 30 }] });
    expect(await launchDaemon(directory, ["--once", "--concurrency", "2"]).ended).toBe(0);
    expect((await sharp(join(directory, "real/end.png")).metadata()).width).toBe(30);
  });
});

describe("a start after a daemon that died while it renamed the outputs", () => {
  it("renames the rest, so that all outputs are of one attempt, also when it was the last one", async () => {
    const outputs = ["a.png", "b.png", "c.png"].map((file) => ({ file, width: 20 }));
    await (await spoolIn(directory)).enqueue({ source: "quick.jpg", outputs });
    await rename(at("tasks/1.json"), at("active/1.a1.json"));
    const tag = await spoolTagOf(directory);
    await writeFile(join(directory, "a.png"), "new a");
    for (const index of [1, 2]) {
      await writeFile(join(directory, `.spoold-${tag}-1-a1-${index}.tmp`), `new ${index}`);
      await writeFile(join(directory, outputs[index]?.file ?? ""), `old ${index}`);
    }
    expect(await launchDaemon(directory, ["--once", "--max-crashes", "1"]).ended).toBe(1);
    const texts = await Promise.all(outputs.map(({ file }) => readFile(join(directory, file), "utf8")));
    expect(texts).toEqual(["new a", "new 1", "new 2"]);
    expect(await namesIn(directory, "failed")).toEqual(["1.json", "1.reason.json"]);
  });
});
