import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { drawBar } from "../../src/cli/bar.ts";
import { placeTask, spoold, TASK } from "../support/cli.ts";
import { freshDirectory } from "../support/daemon.ts";
import { placePicture } from "../support/spool.ts";
import { onTerminal, textsOf } from "../support/terminal.ts";

const EMPTY = "-".repeat(24);
const FULL = "#".repeat(24);

async function placeThree(directory: string): Promise<void> {
  await placePicture(join(directory, "cat.jpg"));
  for (const source of ["cat.jpg", "none.jpg", "cat.jpg"]) await placeTask(directory, "tasks", { ...TASK, source });
}

describe("a bar", () => {
  it("is as full as the work is done, and never fuller", () => {
    expect(drawBar({ ended: 0, failed: 0, total: 0 })).toBe(`[${EMPTY}] 0 of 0`);
    expect(drawBar({ ended: 1, failed: 1, total: 3 })).toBe(`[${"#".repeat(8)}${"-".repeat(16)}] 1 of 3, 1 failed`);
    expect(drawBar({ ended: 999, failed: 0, total: 1_000 })).toBe(`[${"#".repeat(23)}-] 999 of 1000`);
    expect(drawBar({ ended: 3, failed: 0, total: 2 })).toBe(`[${FULL}] 3 of 2`);
  });
});

describe("on a terminal", () => {
  it("start --once draws a bar below the lines of its log, and wait one below its own lines", async () => {
    const directory = await freshDirectory();
    await placeThree(directory);
    const start = onTerminal(directory, "start --once --concurrency 1");
    expect(await start.ended).toBe(1);
    const texts = textsOf(start.drawn());
    expect(texts.at(-1)).toBe(`[${FULL}] 3 of 3, 1 failed`);
    expect(texts.some((text) => text.startsWith(`[${EMPTY}] 0 of `))).toBe(true);
    // No line of the log has a part of the bar in it.
    const lines = texts.filter((text) => text.includes("INFO") || text.includes("ERROR"));
    expect(lines.length).toBeGreaterThanOrEqual(5);
    for (const line of lines) expect(line).toMatch(/^\[[\d:]+\] (?:INFO|ERROR).*: .*$/);
    const wait = onTerminal(directory, "wait 1 2 3");
    expect(await wait.ended).toBe(1);
    const told = textsOf(wait.drawn());
    expect(told[0]).toBe(`[${EMPTY}] 0 of 3`);
    expect(told.at(-1)).toBe(`[${FULL}] 3 of 3, 1 failed`);
    expect(told).toContainEqual(expect.stringMatching(/^1 done in .*, 1 outputs$/));
    expect(told).toContainEqual(expect.stringMatching(/^2 failed: the source does not exist/));
  });

  it("a bar that is wider than the terminal is cut, and none is drawn on a dumb one", async () => {
    const directory = await freshDirectory();
    const number = await placeTask(directory, "done");
    const narrow = onTerminal(directory, `wait ${number}`, { columns: 20 });
    expect(await narrow.ended).toBe(0);
    expect(textsOf(narrow.drawn())).toEqual([
      `[${"-".repeat(18)}`,
      "1 done in 7 ms, 0 outputs",
      `[${"-".repeat(18)}`,
      `[${"#".repeat(18)}`,
    ]);
    const dumb = onTerminal(directory, `wait ${number}`, { term: "dumb" });
    expect(await dumb.ended).toBe(0);
    expect(textsOf(dumb.drawn())).toEqual(["1 done in 7 ms, 0 outputs"]);
  });
});

describe("elsewhere than on a terminal", () => {
  it("the lines of the tasks are all there is", async () => {
    const directory = await freshDirectory();
    const [one, two] = [await placeTask(directory, "done"), await placeTask(directory, "done")];
    const waited = await spoold(directory, ["wait", String(one), String(two)]);
    expect([waited.code, waited.stderr]).toEqual([0, ""]);
    const lines = waited.stdout.split("\n").sort();
    expect(lines).toEqual(["", "1 done in 7 ms, 0 outputs", "2 done in 7 ms, 0 outputs"]);
  });
});
