import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { SpoolEvent } from "../src/index.ts";
import { placeTask, shell, TASK } from "./support/cli.ts";
import { startDaemon } from "./support/daemon.ts";
import { freshProject } from "./support/project.ts";
import { block, table } from "./support/readme.ts";

/** What events of each kind have beside their number and time: a kind or a member that is missing here is an error of types. */
const EVENT_MEMBERS: {
  readonly [Kind in SpoolEvent["kind"]]: readonly Exclude<
    keyof Extract<SpoolEvent, { kind: Kind }>,
    "kind" | "number" | "at"
  >[];
} = {
  waiting: [],
  started: ["attempt"],
  deferred: ["attempt", "dueAtMs"],
  held: [],
  released: [],
  done: ["receipt"],
  fresh: ["receipt"],
  cancelled: ["receipt"],
  failed: ["reason"],
  rejected: ["name", "reason"],
  gone: [],
};

describe("README's table of events", () => {
  it("has all kinds that a watch tells, and what each has", () => {
    const kinds = table("Events").map(([kind = ""]) => kind.replaceAll("`", ""));
    expect(kinds.toSorted()).toEqual(Object.keys(EVENT_MEMBERS).toSorted());
    const told = table("Events").map(([kind = "", , members = ""]) => [
      kind,
      [...members.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    ]);
    expect(Object.fromEntries(told.map(([kind, members]) => [String(kind).replaceAll("`", ""), members]))).toEqual(
      EVENT_MEMBERS,
    );
  });
});

describe("README's example for events", () => {
  it("tells of ends that are on disk and of one to come, and lists what has failed", async () => {
    const { directory, path } = await freshProject();
    await placeTask(directory, "done");
    await placeTask(directory, "failed", { ...TASK, summary: "no cat" });
    await placeTask(directory, "tasks", { source: "uploads/cat.jpg", outputs: [{ file: "cat.png", width: 9 }] });
    await writeFile(join(directory, "example.mjs"), block("js events"));
    const running = shell(directory, `exec "${process.execPath}" example.mjs`, path);
    await startDaemon(directory);
    const { code, stdout, stderr } = await running;
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.toSorted()).toEqual([
      "1 done: 0 pictures",
      "2 failed: SOURCE_MISSING",
      "3 done: 1 pictures",
      "mend 2: no cat",
    ]);
    expect(lines.at(-1)).toBe("mend 2: no cat");
  });
});
