import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { STATES } from "../../src/spool/layout.ts";
import { DUE_AT_MS, emptySpool, jsonLines, placeRejected, placeTask, spoold, TASK } from "../support/cli.ts";
import { freshDirectory } from "../support/daemon.ts";

const HEAD = "state  number  attempt  age  supplicant  summary";

/** One task in each state, numbered in this order; a drop in `rejected/`. */
async function everywhere(): Promise<string> {
  const directory = await freshDirectory();
  for (const state of ["tasks", "active", "deferred", "held", "failed", "done"] as const) {
    await placeTask(directory, state, { ...TASK, supplicant: "alice", summary: `in ${state}` });
  }
  await placeRejected(directory, "bad.json", '{"summary":"in rejected"}');
  return directory;
}

describe("spoold list", () => {
  it("prints no more than the head for a spool that holds nothing, and nothing with --json", async () => {
    const directory = await freshDirectory();
    await emptySpool(directory);
    expect(await spoold(directory, ["list"])).toEqual({ code: 0, stdout: `${HEAD}\n`, stderr: "" });
    expect(await spoold(directory, ["list", "--json"])).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  it("lists what has not come to a good end, state by state", async () => {
    const { code, stdout, stderr } = await spoold(await everywhere(), ["list"]);
    expect([code, stderr]).toEqual([0, ""]);
    const rows = stdout.split("\n").slice(1, -1);
    expect(rows.map((row) => row.split(/ +/).slice(0, 3).join(" "))).toEqual([
      ...["active 2 2", "tasks 1 1", "deferred 3 2", "held 4 1", "failed 5 1", "rejected bad.json 1"],
    ]);
    expect(rows[0]).toMatch(/alice +in active$/);
  });

  it("lists what lies in the state that is named", async () => {
    const directory = await everywhere();
    const lists = await Promise.all(STATES.map((state) => spoold(directory, ["list", state, "--json"])));
    const rows = lists.map(({ stdout }) => jsonLines(stdout).map(({ state, summary }) => [state, summary]));
    expect(rows).toEqual(STATES.map((state) => [[state, `in ${state}`]]));
  });

  it("gives a line of JSON the same members in every state", async () => {
    const directory = await everywhere();
    const all = await spoold(directory, ["list", "--json"]);
    const done = await spoold(directory, ["list", "done", "--json"]);
    const rows = jsonLines(all.stdout + done.stdout);
    const members = [
      "state",
      "number",
      "file",
      "priority",
      "attempt",
      "dueAt",
      "supplicant",
      "summary",
      "ageMs",
      "status",
    ];
    expect(rows).toHaveLength(STATES.length);
    for (const row of rows) expect(Object.keys(row)).toEqual(members);
    const dueAt = new Date(DUE_AT_MS).toISOString();
    expect(rows.find(({ state }) => state === "deferred")).toMatchObject({ number: 3, attempt: 2, dueAt });
    expect(rows.find(({ state }) => state === "rejected")).toMatchObject({ number: null, file: "bad.json" });
    expect(rows.find(({ state }) => state === "active")).toMatchObject({ number: 2, file: "2.a2.json", dueAt: null });
  });

  it("lists tasks in the order in which they start, and of each state no more than --limit", async () => {
    const directory = await freshDirectory();
    for (const priority of [0, 5, 0, 9]) await placeTask(directory, "tasks", { ...TASK, priority });
    await placeTask(directory, "held");
    await placeTask(directory, "held");
    const numbers = async (...args: string[]): Promise<unknown[]> =>
      jsonLines((await spoold(directory, ["list", "--json", ...args])).stdout).map(({ number }) => number);
    expect(await numbers("tasks")).toEqual([4, 2, 1, 3]);
    expect(await numbers("--limit", "1")).toEqual([4, 5]);
  });

  it("shows a drop that has no number yet by its name, and no temporaries", async () => {
    const directory = await freshDirectory();
    const spool = await emptySpool(directory);
    for (const name of ["cat.json", ".hidden.json", "half.json.part", "notes.txt"]) {
      await writeFile(join(spool, "tasks", name), "{");
    }
    const { stdout } = await spoold(directory, ["list", "--json"]);
    expect(jsonLines(stdout)).toMatchObject([{ number: null, file: "cat.json", summary: null }]);
  });

  it("shows control characters of texts and file names, and obeys none", async () => {
    const directory = await freshDirectory();
    const nasty = "\u001b[31mred\u0007\u009b2J\u202etxt\r\nnext";
    await placeTask(directory, "tasks", { ...TASK, supplicant: nasty, summary: nasty });
    await placeRejected(directory, "\u001b]0;title\u0007.json", "{}");
    const { stdout } = await spoold(directory, ["list"]);
    expect(stdout.split("\n")).toHaveLength(4);
    expect(stdout).toContain("\\u001b[31mred\\u0007\\u009b2J\\u202etxt\\u000d\\u000anext");
    expect(stdout).toContain("\\u001b]0;title\\u0007.json");
    const json = await spoold(directory, ["list", "--json"]);
    expect(jsonLines(json.stdout)[0]).toMatchObject({ supplicant: nasty, summary: nasty });
  });
});
