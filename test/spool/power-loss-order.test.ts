import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SpooldError } from "../../src/errors.ts";
import { defer, finishDone, finishFailed } from "../../src/spool/finish.ts";
import { rejectDrop, takeIn } from "../../src/spool/intake.ts";
import { createSpool } from "../../src/spool/layout.ts";
import { fingerprintOf, readTaskFile } from "../../src/spool/task-file.ts";
import { committerOf, numbererOf, put } from "../support/directories.ts";
import { record } from "../support/recorder.ts";
import { madeUp, orderFaults, type Step } from "./order.ts";
import {
  activeTask,
  claimFirst,
  crashOf,
  newStage,
  publishOutputs,
  reasonFor,
  receiptFor,
  type Stage,
} from "./stages.ts";
import { TASK_BYTES } from "./task.ts";

const COMMIT: Step[] = [
  "create spool/tmp/#1.json",
  "write spool/tmp/#1.json",
  "fsync spool/tmp/#1.json",
  "close spool/tmp/#1.json",
  "link spool/tmp/#1.json spool/tasks/1.json",
  "fsync spool/tasks",
  "unlink spool/tmp/#1.json",
  "note resolved 1",
];
const RECEIPT: Step[] = [
  "write spool/tmp/#1.json",
  "fsync spool/tmp/#1.json",
  "link spool/tmp/#1.json spool/done/7.json",
  "fsync spool/done",
  "unlink spool/active/7.a1.json",
];

async function readyStage(): Promise<Stage> {
  const stage = await newStage();
  await createSpool(stage.system, stage.layout);
  // The random name of the staged run/ was the first to be numbered: a new recorder begins again.
  const recorder = record(stage.base);
  return { ...stage, recorder, system: recorder.system };
}

function swapped(steps: readonly Step[], a: number, b: number): string[] {
  const lines = steps.flat();
  return lines.map((line, index) => (index === a ? lines[b] : index === b ? lines[a] : line) ?? "");
}

describe("the check of an order", () => {
  it("finds nothing in the designed one", () => {
    expect(orderFaults(madeUp(COMMIT.flat()), COMMIT)).toEqual([]);
    expect(orderFaults(madeUp(RECEIPT.flat()), RECEIPT)).toEqual([]);
  });

  it("finds a link before the fsync of the file", () => {
    const faults = orderFaults(madeUp(swapped(COMMIT, 2, 4)), COMMIT);
    expect(faults).toContain("link spool/tmp/#1.json spool/tasks/1.json came before close spool/tmp/#1.json");
  });

  it("finds a task unlinked before its receipt is durable", () => {
    const faults = orderFaults(madeUp(swapped(RECEIPT, 3, 4)), RECEIPT);
    expect(faults).toEqual(["unlink spool/active/7.a1.json came before fsync spool/done"]);
  });

  it("finds a directory that was never fsynced", () => {
    const lines = COMMIT.flat().filter((line) => line !== "fsync spool/tasks");
    expect(orderFaults(madeUp(lines), COMMIT)).toEqual(["fsync spool/tasks is missing"]);
  });

  it("finds operations that were under way at the same time", () => {
    const [first, ...rest] = madeUp(["fsync a", "link a b"]);
    const overlapping = [{ ...first, ended: 4 }, ...rest] as ReturnType<typeof madeUp>;
    expect(orderFaults(overlapping, ["fsync a", "link a b"])).toEqual(["link a b came before fsync a"]);
  });
});

describe("the order on disk", () => {
  it("of a new spool makes every directory durable before run/ says that it is complete", async () => {
    const { system, layout, recorder } = await newStage();
    await createSpool(system, layout);
    const made = ["tasks", "active", "deferred", "held", "failed", "rejected", "done", "tmp"];
    const order: Step[] = [
      "mkdir spool",
      made.map((name) => `mkdir spool/${name}`),
      ["fsync .", "fsync spool"],
      "fsync spool/tmp/run-#1",
      "rename spool/tmp/run-#1 spool/run",
      "fsync spool",
    ];
    expect(orderFaults(recorder.operations(), order)).toEqual([]);
  });

  it("of a commit: whole file, link, directory, and only then the promise", async () => {
    const { system, layout, recorder } = await readyStage();
    const number = await numbererOf(layout, system).commit({ bytes: TASK_BYTES, priority: 0 });
    recorder.note(`resolved ${number}`);
    expect(orderFaults(recorder.operations(), COMMIT)).toEqual([]);
    const changes = recorder.lines().filter((line) => !line.includes("spool/run/"));
    expect(changes).toEqual(COMMIT);
  });

  it("of overlapping commits: one fsync of tasks/ after the last link and before the first promise", async () => {
    const { system, layout, recorder } = await readyStage();
    const committer = numbererOf(layout, system);
    const commits = [1, 2, 3].map(() => committer.commit({ bytes: TASK_BYTES, priority: 0 }));
    await Promise.all(commits.map(async (commit) => recorder.note(`resolved ${await commit}`)));
    const links = recorder.lines().filter((line) => line.startsWith("link"));
    const promises = [1, 2, 3].map((number) => `note resolved ${number}`);
    expect(links).toHaveLength(3);
    expect(orderFaults(recorder.operations(), [links, "fsync spool/tasks", promises])).toEqual([]);
    expect(recorder.lines().filter((line) => line === "fsync spool/tasks")).toHaveLength(1);
  });

  it("of a claim: the attempt is counted durably before the work may start", async () => {
    const { system, layout, recorder } = await readyStage();
    await put(join(layout.tasks, "7.json"), TASK_BYTES);
    await claimFirst(system, layout);
    recorder.note("worker may start");
    expect(recorder.lines()[0]).toBe("rename spool/tasks/7.json spool/active/7.a1.json");
    const order = [recorder.lines()[0] ?? "", ["fsync spool/active", "fsync spool/tasks"], "note worker may start"];
    expect(orderFaults(recorder.operations(), order)).toEqual([]);
  });

  it("of a publication: every temporary is durable before the first rename, the directory after the last", async () => {
    const { system, base, recorder } = await readyStage();
    await publishOutputs(system, base, 7);
    recorder.note("published");
    const temporaries = [0, 1].map((index) => `gallery/.spoold-tag-7-${index}.tmp`);
    const order: Step[] = [
      "mkdir gallery",
      "fsync .",
      [`fsync ${temporaries[0]}.early`, `fsync ${temporaries[1]}`],
      `rename ${temporaries[0]}.early ${temporaries[0]}`,
      [`rename ${temporaries[0]} gallery/a.jpg`, `rename ${temporaries[1]} gallery/b.webp`],
      "fsync gallery",
      "note published",
    ];
    expect(orderFaults(recorder.operations(), order)).toEqual([]);
  });

  it("of a receipt: durable in done/ before the task file goes", async () => {
    const { system, layout, recorder } = await readyStage();
    await finishDone(system, layout, await activeTask(layout, 7), receiptFor(7));
    expect(orderFaults(recorder.operations(), RECEIPT)).toEqual([]);
  });

  it("of a failure: the reason is durable before the task moves, and both directories after", async () => {
    const { system, layout, recorder } = await readyStage();
    await finishFailed(system, layout, await activeTask(layout, 7), reasonFor(7));
    const order: Step[] = [
      "write spool/tmp/#1.json",
      "fsync spool/tmp/#1.json",
      "rename spool/tmp/#1.json spool/failed/7.reason.json",
      ["fsync spool/failed", "fsync spool/tmp"],
      "rename spool/active/7.a1.json spool/failed/7.json",
      ["fsync spool/failed", "fsync spool/active"],
    ];
    expect(orderFaults(recorder.operations(), order)).toEqual([]);
  });

  it("of a deferral: the record is durable before the task moves, and both directories after", async () => {
    const { system, layout, recorder } = await readyStage();
    const active = await activeTask(layout, 7);
    await defer(system, layout, active, { attempt: 2, dueAtMs: 50, record: crashOf(1) });
    const order: Step[] = [
      "fsync spool/tmp/#1.json",
      "rename spool/tmp/#1.json spool/run/attempts/7.json",
      ["fsync spool/run/attempts", "fsync spool/tmp"],
      "rename spool/active/7.a1.json spool/deferred/50.7.a2.json",
      ["fsync spool/deferred", "fsync spool/active"],
    ];
    expect(orderFaults(recorder.operations(), order)).toEqual([]);
  });

  it("of an intake: the drop stays until its copy is durable, and goes before the second name of the copy", async () => {
    const { system, layout, recorder } = await readyStage();
    const file = await readTaskFile(system, await put(join(layout.tasks, "cat.json")));
    if (file.kind !== "drop") throw new Error(`read as ${file.kind}`);
    await takeIn({ system, layout, committer: committerOf(layout, system) }, "cat.json", file);
    const order: Step[] = [
      "rename spool/tasks/cat.json spool/tmp/taken.#1.cat.json",
      "write spool/tmp/#1.json",
      "fsync spool/tmp/#1.json",
      "fsync spool/tmp",
      "link spool/tmp/#1.json spool/tasks/1.json",
      "fsync spool/tasks",
      "unlink spool/tmp/taken.#1.cat.json",
      "fsync spool/tmp",
      "unlink spool/tmp/#1.json",
    ];
    expect(orderFaults(recorder.operations(), order)).toEqual([]);
  });

  it("of a rejection: the reason is durable before the drop moves, and both directories after", async () => {
    const { system, layout, recorder } = await readyStage();
    const path = await put(join(layout.tasks, "cat.json"), "{}");
    const context = { system, layout, committer: committerOf(layout, system) };
    await rejectDrop(context, "cat.json", await fingerprintOf(system, path), new SpooldError("TASK_INVALID"));
    const order: Step[] = [
      "fsync spool/tmp/#1.json",
      "link spool/tmp/#1.json spool/rejected/cat.json.reason.json",
      "fsync spool/rejected",
      "rename spool/tasks/cat.json spool/rejected/cat.json",
      ["fsync spool/rejected", "fsync spool/tasks"],
    ];
    expect(orderFaults(recorder.operations(), order)).toEqual([]);
  });
});
