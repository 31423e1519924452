import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptySpool, shell, spoold, TASK } from "../support/cli.ts";
import { BIN, freshDirectory } from "../support/daemon.ts";
import { commands } from "../support/readme.ts";

const LOOKING = [["stop"], ["status"], ["list"], ["show", "1"], ["wait", "1"]];

describe("spoold", () => {
  it("tells its commands on standard output when asked for help", async () => {
    const directory = await freshDirectory();
    const { code, stdout, stderr } = await spoold(directory, ["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const command of commands()) expect(stdout).toMatch(new RegExp(`^ {2}${command.name()}\\b`, "m"));
  });

  it("tells what a command takes, and the same for help and its name", async () => {
    const directory = await freshDirectory();
    const [asked, helped] = await Promise.all(
      [
        ["list", "--help"],
        ["help", "list"],
      ].map((args) => spoold(directory, args)),
    );
    expect(asked).toEqual({ code: 0, stdout: expect.stringContaining("--spool <dir>"), stderr: "" });
    expect(helped).toEqual(asked);
  });

  it.each([
    [[], "Usage:"],
    [["paint"], "unknown command 'paint'"],
    [["lits"], "(Did you mean list?)"],
    [["list", "--jsno"], "(Did you mean --json?)"],
    [["list", "tasks", "held"], "too many arguments"],
    [["list", "--limit", "0"], "a limit is a whole number from 1"],
    [["list", "nowhere"], "[USAGE]"],
    [["show"], "missing required argument 'number'"],
    [["show", "0"], "a task's number is a whole number from 1"],
    [["wait", "1", "two"], "a task's number is a whole number from 1"],
    [["start", "now"], "too many arguments"],
    [["start", "--spool"], "argument missing"],
    [["list", "--\u001b[31mred\u202e"], "unknown option '--\\u001b[31mred\\u202e'"],
    [["\u009b31m"], "unknown command '\\u009b31m'"],
  ])("does not understand %j: exit code 2, and nothing on standard output", async (args, told) => {
    const directory = await freshDirectory();
    const { code, stdout, stderr } = await spoold(directory, args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(told);
    expect(await readdir(directory)).toEqual([]);
  });
});

describe("the spool directory", () => {
  it("is not made by a command that only looks", async () => {
    const directory = await freshDirectory();
    for (const { code, stdout, stderr } of await Promise.all(LOOKING.map((args) => spoold(directory, args)))) {
      expect([code, stdout]).toEqual([74, ""]);
      expect(stderr).toContain("[SPOOL_MISSING]");
    }
    expect(await readdir(directory)).toEqual([]);
  });

  it("is ./spool, or what SPOOLD_DIR names, or what --spool names, each stronger than the one before", async () => {
    const directory = await freshDirectory();
    const input = JSON.stringify(TASK);
    const env = { SPOOLD_DIR: "by-variable" };
    await spoold(directory, ["add"], { input });
    expect(await readdir(directory)).toEqual(["spool"]);
    await spoold(directory, ["add"], { input, env });
    expect(await readdir(directory)).toEqual(["by-variable", "spool"]);
    await spoold(directory, ["add", "--spool", "by-flag"], { input, env });
    expect(await readdir(directory)).toEqual(["by-flag", "by-variable", "spool"]);
  });

  it.each([
    [["add"], { SPOOLD_DIR: "" }],
    [["start", "--once", "--spool", ""], {}],
  ])("is never the working directory by an empty name: %j with %j", async (args, env) => {
    const directory = await freshDirectory();
    const { code, stderr } = await spoold(directory, args, { env, input: JSON.stringify(TASK) });
    expect(code).toBe(2);
    expect(stderr).toContain("a directory has a name");
    expect(await readdir(directory)).toEqual([]);
  });

  it("may not be a file", async () => {
    const directory = await freshDirectory();
    await writeFile(join(directory, "spool"), "");
    const input = JSON.stringify(TASK);
    const all = [...LOOKING, ["add"], ["start"]];
    for (const { code, stderr } of await Promise.all(all.map((args) => spoold(directory, args, { input })))) {
      expect(code).toBe(74);
      expect(stderr).toMatch(/\[(SPOOL_MISSING|IO_ERROR)\]/);
    }
  });

  it("that has lost one of its directories is an error with a name", async () => {
    const directory = await freshDirectory();
    await mkdir(join(directory, "spool", "run"), { recursive: true });
    const { code, stderr } = await spoold(directory, ["list"]);
    expect(code).toBe(74);
    expect(stderr).toContain("ENOENT");
  });
});

describe("standard output", () => {
  it("may be closed by its reader", async () => {
    const directory = await freshDirectory();
    const done = join(await emptySpool(directory), "done");
    // More than a pipe holds.
    const receipt = JSON.stringify({ summary: "x".repeat(1_000) });
    await Promise.all(Array.from({ length: 400 }, (_, index) => writeFile(join(done, `${index + 1}.json`), receipt)));
    for (const option of ["", "--json"]) {
      const list = `"${process.execPath}" "${BIN}" list done ${option}`;
      const { stdout, stderr } = await shell(directory, `{ ${list}; echo "exit $?" >&2; } | head -n 1`);
      expect(stdout).toMatch(option === "" ? /^state {2}number/ : /^\{"state":"done"/);
      expect(stderr).toBe("exit 0\n");
    }
  });

  it("that cannot be written is exit code 74", async () => {
    const directory = await freshDirectory();
    await emptySpool(directory);
    // Only Linux has a file that is always full.
    if (process.platform !== "linux") return;
    const script = `"${process.execPath}" "${BIN}" list > /dev/full || echo "exit $?"`;
    const { stdout, stderr } = await shell(directory, script);
    expect(stdout).toBe("exit 74\n");
    expect(stderr).toContain("[DISK_FULL]");
    expect(stderr).not.toMatch(/^ {4}at /m);
  });
});
