import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptySpool, jsonLines, placeTask, spoold, TASK } from "../support/cli.ts";
import { freshDirectory } from "../support/daemon.ts";
import { block } from "../support/readme.ts";

describe("spoold qshape", () => {
  it("shows a table of ages in minutes: all that may yet run, then each supplicant", async () => {
    const directory = await freshDirectory();
    for (const state of ["tasks", "deferred", "held", "done"] as const) {
      await placeTask(directory, state, state === "held" ? TASK : { ...TASK, supplicant: "al\u001b[31mice" });
    }
    const { code, stdout, stderr } = await spoold(directory, ["qshape"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.split("\n").map((line) => line.trim())).toEqual([
      "T  5  10  20  40  80  160  320  640  1280  1280+",
      "TOTAL            3  3   0   0   0   0    0    0    0     0      0",
      "al\\u001b[31mice  2  2   0   0   0   0    0    0    0     0      0",
      "(none)           1  1   0   0   0   0    0    0    0     0      0",
      "",
    ]);
  });

  it("looks as README shows it", async () => {
    const directory = await freshDirectory();
    const shown = block("text qshape").split("\n").slice(1);
    for (const [supplicant, minutes] of [
      ...[1, 2, 15].map((age) => ["gallery", age] as const),
      ...[1_500, 9_000].map((age) => ["import", age] as const),
    ]) {
      const number = await placeTask(directory, "tasks", { ...TASK, supplicant });
      const at = Date.now() / 1_000 - minutes * 60;
      await utimes(join(directory, "spool", "tasks", `${number}.json`), at, at);
    }
    expect((await spoold(directory, ["qshape"])).stdout.split("\n")).toEqual(shown);
  });

  it("gives each row as a line of JSON, of the states and with the rows that are asked for", async () => {
    const directory = await freshDirectory();
    await placeTask(directory, "failed");
    await placeTask(directory, "done");
    const { stdout } = await spoold(directory, ["qshape", "failed", "done", "failed", "--by", "state", "--json"]);
    const zeros = { 10: 0, 20: 0, 40: 0, 80: 0, 160: 0, 320: 0, 640: 0, 1280: 0, "1280+": 0 };
    expect(jsonLines(stdout)).toEqual([
      { by: "total", name: null, total: 2, minutes: { 5: 2, ...zeros } },
      { by: "state", name: "done", total: 1, minutes: { 5: 1, ...zeros } },
      { by: "state", name: "failed", total: 1, minutes: { 5: 1, ...zeros } },
    ]);
  });

  it("takes states and groups that there are, and no others", async () => {
    const directory = await freshDirectory();
    await emptySpool(directory);
    const wrong = [
      ["qshape", "waiting"],
      ["qshape", "--by", "colour"],
    ];
    for (const args of wrong) {
      const { code, stderr } = await spoold(directory, args);
      expect(code).toBe(2);
      expect(stderr).toContain("Allowed choices are");
    }
  });
});
