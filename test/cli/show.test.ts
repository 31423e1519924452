import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { jsonLines, placeTask, spoold, TASK } from "../support/cli.ts";
import { freshDirectory } from "../support/daemon.ts";

const MEMBERS = ["number", "state", "path", "attempt", "task", "receipt", "reason"];

async function shown(directory: string, number: number): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await spoold(directory, ["show", "--json", String(number)]);
  expect([code, stderr]).toEqual([0, ""]);
  const [value, ...others] = jsonLines(stdout);
  expect(others).toEqual([]);
  expect(Object.keys(value ?? {})).toEqual(MEMBERS);
  return value ?? {};
}

describe("spoold show", () => {
  it.each([
    ["tasks", "1.json", 1],
    ["active", "1.a2.json", 2],
    ["held", "1.json", 1],
    ["failed", "1.json", 1],
  ] as const)("shows a task in %s: where it lies and what it asks for", async (state, file, attempt) => {
    const directory = await freshDirectory();
    const number = await placeTask(directory, state);
    const found = await shown(directory, number);
    expect(found).toMatchObject({ number, state, attempt, task: TASK, receipt: null });
    expect(found["path"]).toMatch(new RegExp(`/spool/${state}/${file}$`));
    expect(found["reason"] === null).toBe(state !== "failed");
  });

  it("shows a deferred task", async () => {
    const directory = await freshDirectory();
    const number = await placeTask(directory, "deferred");
    expect(await shown(directory, number)).toMatchObject({ state: "deferred", attempt: 2, task: TASK });
  });

  it("shows of a task that is done its receipt", async () => {
    const directory = await freshDirectory();
    const number = await placeTask(directory, "done");
    const receipt = { number, durationMs: 7, summary: "a cat" };
    expect(await shown(directory, number)).toMatchObject({ state: "done", task: null, receipt, reason: null });
  });

  it("shows of a failed task why it failed", async () => {
    const directory = await freshDirectory();
    const number = await placeTask(directory, "failed");
    const reason = { number, error: { code: "SOURCE_MISSING" } };
    expect(await shown(directory, number)).toMatchObject({ state: "failed", reason });
  });

  it("keeps silent about an old reason once the task was moved back by hand", async () => {
    const directory = await freshDirectory();
    const number = await placeTask(directory, "failed");
    await rename(join(directory, "spool/failed/1.json"), join(directory, "spool/tasks/1.json"));
    expect(await shown(directory, number)).toMatchObject({ state: "tasks", reason: null });
  });

  it("finds a task by the names that people give it", async () => {
    const directory = await freshDirectory();
    await placeTask(directory, "held", { ...TASK, priority: 7 });
    await writeFile(join(directory, "spool/tasks/0042"), JSON.stringify(TASK));
    expect(await shown(directory, 1)).toMatchObject({ state: "held" });
    expect(await shown(directory, 42)).toMatchObject({ state: "tasks", task: TASK });
  });

  it("shows a file that is no task as one without instructions", async () => {
    const directory = await freshDirectory();
    await placeTask(directory, "held");
    await writeFile(join(directory, "spool/held/1.json"), "{ half");
    expect(await shown(directory, 1)).toMatchObject({ state: "held", task: null });
  });

  it("prints for people the same as JSON on several lines, without raw control characters", async () => {
    const directory = await freshDirectory();
    const summary = "\u001b[31mred\u0007\u009b2J\u202etxt\r\nnext";
    const number = await placeTask(directory, "tasks", { ...TASK, summary });
    const { code, stdout } = await spoold(directory, ["show", String(number)]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(await shown(directory, number));
    expect(stdout).toContain('\n    "summary": ');
  });

  it("ends with 3 for a number that no state holds", async () => {
    const directory = await freshDirectory();
    await placeTask(directory, "tasks");
    const { code, stdout, stderr } = await spoold(directory, ["show", "2"]);
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toContain("no task has this number (number 2) [TASK_NOT_FOUND]");
  });

  it("tells of a receipt that somebody has damaged as an error with a name", async () => {
    const directory = await freshDirectory();
    const number = await placeTask(directory, "done");
    await writeFile(join(directory, `spool/done/${number}.json`), "{ half");
    const { code, stderr } = await spoold(directory, ["show", String(number)]);
    expect(code).toBe(74);
    expect(stderr).toContain("[IO_ERROR]");
  });
});
