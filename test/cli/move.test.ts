import { rename, utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { layoutOf } from "../../src/spool/layout.ts";
import { jsonLines, placeRejected, placeTask, spoold, TASK } from "../support/cli.ts";
import { runCommand } from "../support/command.ts";
import { freshDirectory } from "../support/daemon.ts";
import { filesByState } from "../support/directories.ts";

function filesIn(directory: string): Promise<string[]> {
  return filesByState(layoutOf(join(directory, "spool")));
}

/** Says of a task file that it was written some days ago. */
async function age(directory: string, file: string, days: number): Promise<void> {
  const at = Date.now() / 1_000 - days * 86_400;
  await utimes(join(directory, "spool", file), at, at);
}

describe("spoold hold, release, retry and cancel", () => {
  it("move the tasks that are named, tell of each, and end with the worst of what went wrong", async () => {
    const directory = await freshDirectory();
    for (const state of ["tasks", "tasks", "failed", "deferred"] as const) await placeTask(directory, state);
    const held = await spoold(directory, ["hold", "2", "99", "1", "3", "2"]);
    expect([held.code, held.stdout]).toEqual([3, "2 held\n1 held\n"]);
    expect(held.stderr).toContain("(number 99) [TASK_NOT_FOUND]");
    expect(held.stderr).toContain("(number 3, move hold, state failed) [MOVE_IMPOSSIBLE]");
    expect(await filesIn(directory)).toContain("held/2.json");
    expect(await spoold(directory, ["release", "1"])).toEqual({ code: 0, stdout: "1 released\n", stderr: "" });
    expect((await spoold(directory, ["retry", "3", "4"])).stdout).toBe("3 retried\n4 retried\n");
    const { code, stdout } = await spoold(directory, ["cancel", "--json", "1", "2", "1"]);
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toEqual([
      { number: 1, from: "tasks", to: "done" },
      { number: 2, from: "held", to: "done" },
    ]);
  });

  it("read numbers from standard input, and what list --json prints", async () => {
    const directory = await freshDirectory();
    for (let count = 0; count < 3; count++) await placeTask(directory, "tasks");
    await placeRejected(directory, "bad.json", "{}");
    const list = await spoold(directory, ["list", "--json"]);
    const all = await spoold(directory, ["hold", "-", "3"], { input: `2\r\n\n ${list.stdout}` });
    expect(all).toEqual({ code: 0, stdout: "2 held\n1 held\n3 held\n", stderr: "" });
    for (const input of ["1\ntwo\n", '{"number":"1"}']) {
      const wrong = await spoold(directory, ["release", "-"], { input });
      expect([wrong.code, wrong.stdout], input).toEqual([2, ""]);
      expect(wrong.stderr).toMatch(/\(line [12], because "neither a task's number/);
    }
    expect((await filesIn(directory)).filter((file) => file.startsWith("held/"))).toHaveLength(3);
    expect(await spoold(directory, ["hold", "-"])).toEqual({ code: 0, stdout: "", stderr: "0 tasks\n" });
  });

  it("select tasks by what they are, and move none in a dry run", async () => {
    const directory = await freshDirectory();
    const by = (supplicant: string) => ({ ...TASK, supplicant });
    await placeTask(directory, "failed", by("gallery app, user alice"));
    await placeTask(directory, "failed", by("alice"));
    await placeTask(directory, "failed", by("bob"));
    await placeTask(directory, "deferred", by("alice"));
    for (const number of [1, 3]) await age(directory, `failed/${number}.json`, 2);
    const filters = ["--state", "failed", "--supplicant", "alice", "--older", "1d"];
    const before = await filesIn(directory);
    const dry = await runCommand(directory, ["retry", ...filters, "--dry-run"]);
    expect(dry).toEqual({ code: 0, stdout: "1 would be retried\n", stderr: "" });
    expect(await filesIn(directory)).toEqual(before);
    const listed = await runCommand(directory, ["list", ...filters, "--json"]);
    expect(jsonLines(listed.stdout)).toMatchObject([{ number: 1, state: "failed" }]);
    expect((await runCommand(directory, ["retry", ...filters])).stdout).toBe("1 retried\n");
    expect(await runCommand(directory, ["retry", ...filters])).toEqual({ code: 0, stdout: "", stderr: "0 tasks\n" });
    // What waits for its time is not tried at once, and no dead letter cancelled, unless its state is named.
    expect((await runCommand(directory, ["retry", "--all"])).stdout).toBe("2 retried\n3 retried\n");
    expect((await runCommand(directory, ["retry", "--state", "deferred"])).stdout).toBe("4 retried\n");
    await rename(join(directory, "spool/tasks/3.json"), join(directory, "spool/failed/3.json"));
    const cancelled = await runCommand(directory, ["cancel", "--all"]);
    expect(cancelled.stdout.split("\n").sort()).toEqual(["", "1 cancelled", "2 cancelled", "4 cancelled"]);
  });

  it.each([
    [["hold"], "which tasks?"],
    [["hold", "1", "--all"], "by numbers or by options, not by both"],
    [["retry", "--state", "held"], '(state held, known "failed, deferred")'],
    [["cancel", "--older", "1"], "a span of time is written 30s, 10m, 2h, 1d or 2w"],
    [["release", "x"], "a task's number is a whole number from 1"],
    [["list", "tasks", "--state", "held"], "one state, or --all"],
    [["wait", "1", "--batch", "b"], "by their numbers, or by --batch"],
    [["wait"], "by their numbers, or by --batch"],
  ])("do not understand %j: exit code 2, and nothing is moved", async (args, told) => {
    const directory = await freshDirectory();
    await placeTask(directory, "tasks");
    const { code, stdout, stderr } = await runCommand(directory, args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(told);
    expect(await filesIn(directory)).toEqual(["tasks/1.json"]);
  });
});

describe("a cancelled task", () => {
  it("is shown, listed and waited for as one", async () => {
    const directory = await freshDirectory();
    await placeTask(directory, "tasks", { ...TASK, supplicant: "alice" });
    const waits = spoold(directory, ["wait", "1"]);
    await spoold(directory, ["cancel", "1"]);
    expect(await waits).toEqual({ code: 1, stdout: "1 cancelled\n", stderr: "" });
    const shown = await runCommand(directory, ["show", "1", "--json"]);
    expect(jsonLines(shown.stdout)).toMatchObject([{ state: "done", receipt: { status: "cancelled" } }]);
    expect((await runCommand(directory, ["list", "done"])).stdout).toMatch(/^cancelled +1 .* alice/m);
    const json = await runCommand(directory, ["wait", "--json", "1"]);
    expect(jsonLines(json.stdout)).toMatchObject([{ number: 1, ended: "cancelled", reason: null }]);
  });
});

describe("spoold pause and resume", () => {
  it("say what they have done, and what was so already", async () => {
    const directory = await freshDirectory();
    await placeTask(directory, "tasks");
    const told = async (...args: string[]): Promise<string> => (await runCommand(directory, args)).stderr;
    expect(await told("pause", "--reason", "disk\u001b[31m")).toBe("spoold: paused; what runs goes to its end\n");
    expect(await told("pause")).toBe("spoold: paused already: disk\\u001b[31m\n");
    expect(await told("resume")).toBe("spoold: resumed\n");
    expect(await told("resume")).toBe("spoold: was not paused by hand\n");
  });
});
