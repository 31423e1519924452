import { readdir, readFile, rename, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { freshDirectory, launchDaemon, startDaemon, until } from "../support/daemon.ts";
import { namesIn, placePicture, placeSlowPicture, quickTask, spoolIn, spoolTagOf } from "../support/spool.ts";

let directory: string;

beforeEach(async () => {
  directory = await freshDirectory();
  await placePicture(join(directory, "quick.jpg"));
});

async function claimedTask(name: string): Promise<{ number: number; active: string }> {
  const { number } = await (await spoolIn(directory)).enqueue(quickTask(name));
  const active = join(directory, `spool/active/${number}.a1.json`);
  await rename(join(directory, `spool/tasks/${number}.json`), active);
  return { number, active };
}

describe("a start after a daemon that died", () => {
  it("goes on with what was being done, at once, and counts the attempt", async () => {
    const { number } = await claimedTask("orphan");
    await startDaemon(directory);
    const receipt = await (await spoolIn(directory)).ticket(number).done();
    expect(receipt).toMatchObject({ number, attempts: 2 });
    await until(async () => (await namesIn(directory, "active")).length === 0);
  });

  it("only unlinks a task whose receipt is there, and makes no picture again", async () => {
    const { number } = await claimedTask("finished");
    const receipt = '{"number":1,"marker":"as it was"}';
    await writeFile(join(directory, `spool/done/${number}.json`), receipt);
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(0);
    expect(await namesIn(directory, "active")).toEqual([]);
    expect(await readFile(join(directory, `spool/done/${number}.json`), "utf8")).toBe(receipt);
    await expect(readFile(join(directory, "finished.jpg"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("sweeps old temporaries and leaves young ones to their writers", async () => {
    await spoolIn(directory);
    const [old, young] = ["old.json", "young.json"].map((name) => join(directory, "spool/tmp", name));
    for (const file of [old, young]) await writeFile(String(file), "{");
    const longAgo = Date.now() / 1_000 - 40 * 3_600;
    await utimes(String(old), longAgo, longAgo);
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(0);
    expect(await namesIn(directory, "tmp")).toEqual(["young.json"]);
  });

  it("removes what the dead worker left beside the outputs", async () => {
    await placeSlowPicture(join(directory, "slow.jpg"));
    const outputs = [{ file: "small.jpg", width: 10 }, { file: "slow.avif" }];
    await (await spoolIn(directory)).enqueue({ source: "slow.jpg", outputs });
    const tag = await spoolTagOf(directory);
    const first = await startDaemon(directory, ["--concurrency", "1"]);
    await first.line(({ msg }) => msg === "task started");
    process.kill(first.pid, "SIGKILL");
    await first.ended;
    const leftovers = [0, 1].map((index) => `.spoold-${tag}-1-a1-${index}.tmp`);
    for (const name of leftovers) await writeFile(join(directory, name), "half a picture");
    await startDaemon(directory);
    await until(async () => !(await readdir(directory)).some((name) => leftovers.includes(name)));
  });

  it("puts a drop back that was being taken in, and takes it in once", async () => {
    await spoolIn(directory);
    const taken = "taken.0f8fad5b-d9cb-469f-a165-70867728950e.note.json";
    await writeFile(join(directory, "spool/tmp", taken), JSON.stringify(quickTask("dropped")));
    const daemon = launchDaemon(directory, ["--once"]);
    expect(await daemon.ended).toBe(0);
    expect(daemon.lines().some((line) => line.msg === "drop put back" && line["name"] === "note.json")).toBe(true);
    expect(await namesIn(directory, "done")).toEqual(["1.json"]);
    expect(await namesIn(directory, "tmp")).toEqual([]);
  });

  it("keeps a file in active/ that somebody has changed, and says why it did not run", async () => {
    const { number, active } = await claimedTask("changed");
    await writeFile(active, '{"source":"quick.jpg"}');
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(1);
    expect(await namesIn(directory, "failed")).toEqual([`${number}.json`, `${number}.reason.json`]);
    expect(await readFile(join(directory, `spool/failed/${number}.json`), "utf8")).toBe('{"source":"quick.jpg"}');
  });
});

describe("a task that a person put back although it was done", () => {
  it("runs under a number of its own, so that its first receipt stands", async () => {
    const { number } = await (await spoolIn(directory)).enqueue(quickTask("twice"));
    const bytes = await readFile(join(directory, `spool/tasks/${number}.json`));
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(0);
    const receipt = await readFile(join(directory, `spool/done/${number}.json`), "utf8");
    await writeFile(join(directory, `spool/tasks/${number}.json`), bytes);
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(0);
    expect(await namesIn(directory, "done")).toEqual(["1.json", "2.json"]);
    expect(await readFile(join(directory, `spool/done/${number}.json`), "utf8")).toBe(receipt);
  });
});
