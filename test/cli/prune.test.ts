import { readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptySpool, jsonLines, placeRejected, placeTask, spoold } from "../support/cli.ts";
import { freshDirectory } from "../support/daemon.ts";

/** Tasks 1 to 4 are done, for 4, 3, 2 and 1 days; task 5 has failed and a drop was rejected, just now. */
async function endedTasks(): Promise<{ directory: string; spool: string }> {
  const directory = await freshDirectory();
  const spool = await emptySpool(directory);
  for (const days of [4, 3, 2, 1]) {
    const number = await placeTask(directory, "done");
    const at = Date.now() / 1_000 - days * 86_400;
    await utimes(join(spool, "done", `${number}.json`), at, at);
  }
  await placeTask(directory, "failed");
  await placeRejected(directory, "bad.json", "{");
  return { directory, spool };
}

describe("spoold prune", () => {
  it("removes what it is told to, state by state, and tells how much", async () => {
    const { directory, spool } = await endedTasks();
    const args = ["prune", "--done-age", "60h", "--failed-age", "0s", "--rejected-age", "1h", "--json"];
    const dry = jsonLines((await spoold(directory, [...args, "--dry-run"])).stdout);
    expect(await readdir(join(spool, "done"))).toHaveLength(4);
    const { code, stdout, stderr } = await spoold(directory, args);
    expect([code, stderr]).toEqual([0, ""]);
    const told = [
      { state: "done", removed: 2, bytes: expect.any(Number), kept: 2, numbers: [[1, 2]], dryRun: false },
      { state: "failed", removed: 1, bytes: expect.any(Number), kept: 0, numbers: [[5, 5]], dryRun: false },
      { state: "rejected", removed: 0, bytes: 0, kept: 1, numbers: [], dryRun: false },
    ];
    expect(jsonLines(stdout)).toEqual(told);
    expect(dry).toEqual(told.map((line) => ({ ...line, dryRun: true })));
    expect(await readdir(join(spool, "done"))).toEqual(["3.json", "4.json"]);
    expect(await readdir(join(spool, "failed"))).toEqual([]);
    expect(await readdir(join(spool, "rejected"))).toEqual(["bad.json", "bad.json.reason.json"]);
  });

  it("does without options what the settings say of receipts, and nothing else", async () => {
    const { directory, spool } = await endedTasks();
    await writeFile(join(spool, "spoold.json"), '{ "keepDoneCount": 3 }');
    const { code, stdout } = await spoold(directory, ["prune"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^state {2}removed {2}bytes +left {2}numbers\ndone {3}1 +\d+ B +3 {5}1\n$/);
    expect(await readdir(join(spool, "failed"))).toHaveLength(2);
  });

  it("keeps so many, or so many bytes, and none at 0", async () => {
    const { directory, spool } = await endedTasks();
    await spoold(directory, ["prune", "--done-bytes", "1M"]);
    expect(await readdir(join(spool, "done"))).toHaveLength(4);
    await spoold(directory, ["prune", "--done-count", "1"]);
    expect(await readdir(join(spool, "done"))).toEqual(["4.json"]);
    await spoold(directory, ["prune", "--done-bytes", "0"]);
    expect(await readdir(join(spool, "done"))).toEqual([]);
  });

  it.each([
    ["--done-age", "30"],
    ["--done-count", "-1"],
    ["--done-bytes", "1Q"],
    ["--done-bytes", "999999999999T"],
  ])("does not understand %s %s", async (option, value) => {
    const directory = await freshDirectory();
    expect((await spoold(directory, ["prune", option, value])).code).toBe(2);
  });
});
