import { utimesSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it, onTestFinished } from "vitest";
import { emptySpool, jsonLines, placeTask, spoold, TASK } from "../support/cli.ts";
import { freshDirectory, startDaemon, until } from "../support/daemon.ts";
import { placePicture } from "../support/spool.ts";

const QUIET = ["--log-file", "log.txt"];

describe("spoold start --once", () => {
  it("makes a spool where there is none, and ends with 0 when nothing is left to do", async () => {
    const directory = await freshDirectory();
    expect(await spoold(directory, ["start", "--once", ...QUIET])).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(await readdir(directory)).toEqual(["log.txt", "spool"]);
  });

  it("makes the pictures that wait, and tells of it in lines of JSON", async () => {
    const directory = await freshDirectory();
    await placePicture(join(directory, "cat.jpg"));
    const number = await placeTask(directory, "tasks");
    const { code, stdout, stderr } = await spoold(directory, ["start", "--once"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(jsonLines(stdout).find(({ msg }) => msg === "task done")).toMatchObject({ number, summary: "a cat" });
    expect(await sharp(join(directory, "cat.webp")).metadata()).toMatchObject({ format: "webp", width: 20 });
  });

  it("ends with 1 when a task has failed", async () => {
    const directory = await freshDirectory();
    await placeTask(directory, "tasks");
    expect((await spoold(directory, ["start", "--once", ...QUIET])).code).toBe(1);
    expect(await readdir(join(directory, "spool/failed"))).toEqual(["1.json", "1.reason.json"]);
  });

  it("ends with 1 when a drop was rejected", async () => {
    const directory = await freshDirectory();
    const spool = await emptySpool(directory);
    await writeFile(join(spool, "tasks/cat.json"), '{"sauce":"cat.jpg"}');
    expect((await spoold(directory, ["start", "--once", "--settle", "0", ...QUIET])).code).toBe(1);
    expect(await readdir(join(spool, "rejected"))).toEqual(["cat.json", "cat.json.reason.json"]);
  });
});

describe("spoold start", () => {
  it("ends at once with 75 when another daemon has the spool, and says which and since when", async () => {
    const directory = await freshDirectory();
    const daemon = await startDaemon(directory);
    const owner = JSON.parse(await readFile(join(directory, "spool/run/owner.json"), "utf8")) as { since: string };
    const { code, stdout, stderr } = await spoold(directory, ["start", ...QUIET]);
    expect([code, stdout]).toEqual([75, ""]);
    expect(stderr).toContain("[SPOOL_LOCKED]");
    expect(stderr).toContain(`pid ${daemon.pid}`);
    expect(stderr).toContain(`since ${owner.since}`);
  });

  it("leaves the spool to an owner on another host while its heart beats", async () => {
    const directory = await freshDirectory();
    await emptySpool(directory);
    const elsewhere = { generation: 7, nonce: "n", host: "elsewhere", machineId: "m", bootId: "b", pid: 1 };
    const owner = { ...elsewhere, pidNamespace: null, pidStart: null, since: new Date(0).toISOString() };
    await writeFile(join(directory, "spool/run/owner.7.json"), JSON.stringify(owner));
    const heart = join(directory, "spool/run/daemon.lock");
    await mkdir(heart);
    const beat = setInterval(() => utimesSync(heart, new Date(), new Date()), 100);
    onTestFinished(() => clearInterval(beat));
    const refused = await spoold(directory, ["start", "--once", ...QUIET]);
    expect(refused.code).toBe(75);
    expect(refused.stderr).toContain("host elsewhere");
  });

  it("stays until it is told to stop, and takes what is added meanwhile", async () => {
    const directory = await freshDirectory();
    await placePicture(join(directory, "cat.jpg"));
    const daemon = await startDaemon(directory);
    await spoold(directory, ["add"], { input: JSON.stringify(TASK) });
    await daemon.line(({ msg }) => msg === "task done");
    daemon.child.kill("SIGTERM");
    expect(await daemon.ended).toBe(0);
  });
});

describe("a setting", () => {
  it.each([
    [["--concurrency", "0"], {}, "setting --concurrency, value 0"],
    [["--watch", "\u001b[31m"], {}, 'value "\\u001b[31m"'],
    [["--root", "nowhere"], {}, "setting roots, value nowhere"],
    [[], { SPOOLD_SETTLE: "soon" }, "setting SPOOLD_SETTLE, value soon"],
  ])("that is wrong ends %j with %j with 78", async (args, env, told) => {
    const directory = await freshDirectory();
    const { code, stderr } = await spoold(directory, ["start", "--once", ...QUIET, ...args], { env });
    expect(code).toBe(78);
    expect(stderr).toContain(told);
    expect(stderr).toContain("[CONFIG_INVALID]");
  });

  it.each([
    ['{"concurency":1}', "concurency"],
    ['{"settleMs":"1s"}', "settleMs"],
    ["[]", "one JSON object"],
    ["{ half", "one JSON object"],
  ])("in spoold.json that is wrong ends it with 78: %s", async (content, told) => {
    const directory = await freshDirectory();
    const spool = await emptySpool(directory);
    await writeFile(join(spool, "spoold.json"), content);
    const { code, stderr } = await spoold(directory, ["start", "--once", ...QUIET]);
    expect(code).toBe(78);
    expect(stderr).toContain(told);
  });

  it("comes from the flag, else the variable, else spoold.json", async () => {
    const directory = await freshDirectory();
    const spool = await emptySpool(directory);
    await writeFile(join(spool, "spoold.json"), '{"logFile":"file.txt","errorFile":"file-errors.txt"}');
    const env = { SPOOLD_LOG_FILE: "variable.txt" };
    await spoold(directory, ["start", "--once"]);
    await until(async () => (await readdir(directory)).includes("file.txt"));
    await spoold(directory, ["start", "--once"], { env });
    await spoold(directory, ["start", "--once", "--log-file", "flag.txt"], { env });
    const written = ["file-errors.txt", "file.txt", "flag.txt", "spool", "variable.txt"];
    expect(await readdir(directory)).toEqual(written);
    for (const name of ["file.txt", "flag.txt", "variable.txt"]) {
      expect((await readFile(join(directory, name), "utf8")).match(/daemon started/g)).toHaveLength(1);
    }
  });
});
