import { execFileSync } from "node:child_process";
import { appendFile, cp, mkdir, open, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { freshDirectory, launchDaemon, startDaemon, until } from "../support/daemon.ts";
import { namesIn, placePicture, quickTask, spoolIn } from "../support/spool.ts";

let directory: string;
let tasks: string;

beforeEach(async () => {
  directory = await freshDirectory();
  tasks = join(directory, "spool/tasks");
  await placePicture(join(directory, "quick.jpg"));
  await spoolIn(directory);
});

const text = (name: string): string => JSON.stringify(quickTask(name));

describe("a file that a person drops", () => {
  it("keeps its number however it is written, and gets the next free one when it has none", async () => {
    await writeFile(join(tasks, "42"), text("bare"));
    await writeFile(join(tasks, "007"), text("padded"));
    await writeFile(join(tasks, "0012.json"), text("padded-json"));
    await writeFile(join(tasks, "43.json"), text("plain"));
    await writeFile(join(tasks, "note.json"), text("unnumbered"));
    const daemon = launchDaemon(directory, ["--once"]);
    expect(await daemon.ended).toBe(0);
    const numbers = Object.fromEntries(
      daemon.lines().flatMap((line) => (line.msg === "task done" ? [[line["summary"], line["number"]]] : [])),
    );
    expect(numbers).toEqual({ bare: 42, padded: 7, "padded-json": 12, plain: 43, unnumbered: 44 });
  });

  it("begins to settle at the first look, whatever form its number has", async () => {
    for (let count = 0; count < 30; count++) await (await spoolIn(directory)).enqueue(quickTask(`busy-${count}`));
    await writeFile(join(tasks, "101.json"), text("plain"));
    await writeFile(join(tasks, "0102.json"), text("padded"));
    const daemon = launchDaemon(directory, ["--once", "--concurrency", "1", "--settle", "150"]);
    expect(await daemon.ended).toBe(0);
    const accepted = daemon.lines().filter(({ msg }) => msg === "drop accepted");
    expect(accepted.map((line) => line["number"])).toEqual([101, 102]);
  });

  it("gets the next free number when its own was used before", async () => {
    const spool = await spoolIn(directory);
    await spool.enqueue(quickTask("first"));
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(0);
    await writeFile(join(tasks, "1.json"), text("again"));
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(0);
    expect(await namesIn(directory, "done")).toEqual(["1.json", "2.json"]);
  });

  it("is not taken while it is still being written, in however many pieces", async () => {
    const daemon = await startDaemon(directory, ["--settle", "300"]);
    const whole = text("pieces");
    const file = join(tasks, "pieces.json");
    for (let at = 0; at < whole.length; at += 20) {
      await appendFile(file, whole.slice(at, at + 20));
      await (await spoolIn(directory)).enqueue(quickTask(`meanwhile-${at}`)); // gives the daemon reason to look
    }
    const accepted = await daemon.line((line) => line.msg === "drop accepted" && line["name"] === "pieces.json");
    expect(accepted["summary"]).toBe("pieces");
    expect(daemon.lines().filter(({ msg }) => msg === "drop rejected")).toEqual([]);
  });

  it("is copied in: a writer that still holds it open cannot change the task", async () => {
    const writer = await open(join(tasks, "open.json"), "w");
    await writer.write(text("before"));
    const daemon = await startDaemon(directory);
    await daemon.line(({ msg }) => msg === "drop accepted");
    await writer.write(text("after-"), 0);
    await writer.close();
    expect(await daemon.line(({ msg }) => msg === "task done")).toMatchObject({ summary: "before" });
  });

  it("comes in by mv and by cp", async () => {
    await mkdir(join(directory, "made"));
    for (const name of ["a", "b"]) await writeFile(join(directory, "made", `${name}.json`), text(name));
    await startDaemon(directory);
    await rename(join(directory, "made/a.json"), join(tasks, "a.json"));
    await cp(join(directory, "made/b.json"), join(tasks, "b.json"));
    await until(async () => (await namesIn(directory, "done")).length === 2);
    expect(await namesIn(directory, "tasks")).toEqual([]);
  });

  it("runs when its number is absurdly high, and does not drag the numbers up", async () => {
    await writeFile(join(tasks, "9007199254740991.json"), text("absurd"));
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(0);
    expect(await namesIn(directory, "done")).toEqual(["9007199254740991.json"]);
    expect((await (await spoolIn(directory)).enqueue(quickTask("next"))).number).toBe(1);
  });

  it("is passed over while its name is that of somebody's temporary", async () => {
    const temporaries = [".43.json", "43.json~", "43.json.tmp", "43.part", ".43.json.swp"];
    for (const name of temporaries) await writeFile(join(tasks, name), text("temporary"));
    const daemon = launchDaemon(directory, ["--once"]);
    expect(await daemon.ended).toBe(0);
    expect(await namesIn(directory, "tasks")).toEqual(temporaries.sort());
    expect(daemon.lines().filter(({ msg }) => msg.includes("foreign"))).toEqual([]);
  });
});

describe("a drop that is no task", () => {
  it("lies in rejected/ byte for byte, with a reason that names each place and the nearest word", async () => {
    const bad = '{"sorce":"quick.jpg","outputs":[{"file":"a.jpg","widht":3,"fit":"insidee"}]}';
    await writeFile(join(tasks, "bad.json"), bad);
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(1);
    expect(await readFile(join(directory, "spool/rejected/bad.json"), "utf8")).toBe(bad);
    const reason = JSON.parse(await readFile(join(directory, "spool/rejected/bad.json.reason.json"), "utf8"));
    const faults: { pointer: string; nearest?: string }[] = reason.error.facts.faults;
    expect(faults.map(({ pointer, nearest }) => [pointer, nearest])).toEqual(
      expect.arrayContaining([
        ["/sorce", "source"],
        ["/outputs/0/widht", "width"],
        ["/outputs/0/fit", "inside"],
        ["/source", undefined],
      ]),
    );
  });

  it("is waited for while it does not parse, and rejected when it has been quiet for long", async () => {
    await writeFile(join(tasks, "half.json"), '{"source":');
    const daemon = await startDaemon(directory, ["--reject-after", "400"]);
    await (await (await spoolIn(directory)).enqueue(quickTask("other"))).done();
    expect(await daemon.line(({ msg }) => msg === "drop rejected")).toMatchObject({ name: "half.json" });
    expect(await readFile(join(directory, "spool/rejected/half.json"), "utf8")).toBe('{"source":');
  });

  it("is rejected when it is larger than a task may be", async () => {
    await writeFile(join(tasks, "big.json"), `{"source":"${"x".repeat(70_000)}"}`);
    expect(await launchDaemon(directory, ["--once", "--reject-after", "60"]).ended).toBe(1);
    const reason = JSON.parse(await readFile(join(directory, "spool/rejected/big.json.reason.json"), "utf8"));
    expect(reason.error).toMatchObject({ code: "TASK_TOO_LARGE", facts: { limit: 65_536 } });
  });

  it("never replaces an earlier one of the same name", async () => {
    for (const round of [1, 2]) {
      await writeFile(join(tasks, "bad.json"), `{"round":${round}}`);
      await launchDaemon(directory, ["--once"]).ended;
    }
    expect(await namesIn(directory, "rejected")).toEqual([
      "bad.json",
      "bad.json.2",
      "bad.json.2.reason.json",
      "bad.json.reason.json",
    ]);
  });
});

describe("a directory, FIFO, device or link in tasks/", () => {
  it("is reported once, never opened, never touched, and stops nothing", async () => {
    await mkdir(join(tasks, "1.json"));
    execFileSync("env", ["mkfifo", join(tasks, "2.json")]);
    await symlink("/dev/zero", join(tasks, "3.json"));
    await writeFile(join(tasks, "readme.txt"), "not for you");
    const daemon = await startDaemon(directory, ["--rescan", "20"]);
    const spool = await spoolIn(directory);
    for (let count = 0; count < 3; count++) await (await spool.enqueue(quickTask(`good-${count}`))).done();
    const told = daemon.lines().filter(({ msg }) => msg === "foreign file left alone");
    expect(told.map((line) => line["name"]).sort()).toEqual(["1.json", "2.json", "3.json", "readme.txt"]);
    expect(await namesIn(directory, "tasks")).toEqual(["1.json", "2.json", "3.json", "readme.txt"]);
  });
});
