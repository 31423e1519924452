import { copyFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { jsonLines, placeTask, spoold, TASK } from "../support/cli.ts";
import { runCommand } from "../support/command.ts";
import { freshDirectory } from "../support/daemon.ts";

/** A spool with tasks in these states, all of one batch, numbered from 1. */
async function batchIn(...states: ("tasks" | "failed" | "done" | "held")[]): Promise<string> {
  const directory = await freshDirectory();
  for (const state of states) await placeTask(directory, state, { ...TASK, batch: "album" });
  return directory;
}

describe("spoold wait --batch", () => {
  it("waits for the last one, tells how far it has come, and counts at the end", async () => {
    const directory = await batchIn("done", "tasks");
    const waits = spoold(directory, ["wait", "--batch", "album"]);
    await runCommand(directory, ["wait", "1"]);
    const spool = join(directory, "spool");
    await copyFile(join(spool, "done/1.json"), join(spool, "done/2.json"));
    const { code, stdout, stderr } = await waits;
    expect([code, stdout]).toEqual([0, "batch album: 2 done, 0 failed, 0 cancelled\n"]);
    expect(stderr).toMatch(/^(batch album: 1 of 2 ended, 0 failed\n)?batch album: 2 of 2 ended, 0 failed\n$/);
  });

  it("ends with 1 when one has failed or was cancelled, and tells with --json the counts", async () => {
    const directory = await batchIn("done", "failed", "tasks");
    await runCommand(directory, ["cancel", "3"]);
    const { code, stdout } = await runCommand(directory, ["wait", "--batch", "album", "--json"]);
    expect(code).toBe(1);
    expect(jsonLines(stdout)).toEqual([{ batch: "album", total: 3, done: 1, failed: 1, cancelled: 1, waiting: 0 }]);
  });

  it("does not wait for what is there no more", async () => {
    const directory = await batchIn("done", "tasks");
    await rename(join(directory, "spool/tasks/2.json"), join(directory, "2.json"));
    const { code, stdout } = await runCommand(directory, ["wait", "--batch", "album", "--json"]);
    expect([code, jsonLines(stdout)]).toMatchObject([0, [{ total: 1, done: 1 }]]);
  });

  it("ends with 3 when there is no such batch, and with 75 when it takes too long", async () => {
    const directory = await batchIn("held");
    for (const name of ["other", "../../../run"]) {
      const { code, stderr } = await runCommand(directory, ["wait", "--batch", name]);
      expect([code, stderr]).toEqual([3, expect.stringContaining("[BATCH_MISSING]")]);
    }
    for (const args of [
      ["--batch", "album", "--timeout", "50"],
      ["1", "--timeout", "50ms"],
    ]) {
      const { code, stdout, stderr } = await runCommand(directory, ["wait", ...args]);
      expect([code, stdout]).toEqual([75, ""]);
      expect(stderr).toContain("not all had ended in time (afterMs 50) [WAIT_TIMED_OUT]");
    }
  });
});
