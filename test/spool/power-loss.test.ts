import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { defer, finishFailed } from "../../src/spool/finish.ts";
import { takeIn } from "../../src/spool/intake.ts";
import { openSpool } from "../../src/spool/spool.ts";
import { readTaskFile } from "../../src/spool/task-file.ts";
import type { System } from "../../src/system.ts";
import { readName } from "../../src/task/name.ts";
import { committerOf } from "../support/directories.ts";
import type { Operation } from "../support/recorder.ts";
import { madeUp } from "./order.ts";
import { losePowerEverywhere, type Survivors } from "./power-loss-model.ts";
import { claimFirst, crashOf, newStage, OUTPUTS, reasonFor, type Stage, succeed } from "./stages.ts";
import { TASK } from "./task.ts";

/** A path of a task or receipt: its state and its name. */
const IN_STATE = /^spool\/(tasks|active|deferred|failed|done|held|rejected)\/(.+)$/;

/** Throws when something that was promised before the power went is not kept by what survived. */
function requirePromises(survivors: Survivors, before: readonly Operation[]): void {
  const states = new Map<number, string[]>();
  for (const [path, content] of survivors) {
    const [, state = "", name = ""] = IN_STATE.exec(path) ?? [];
    if (state === "" && !path.startsWith("gallery/")) continue;
    const kind = readName(name);
    // What people write under a name without a number is theirs to make durable.
    const isFinal = kind.kind !== "unnumbered" && !/\.tmp(\.early)?$/.test(path);
    if (content === "torn" && isFinal) throw new Error(`${path} is torn`);
    if (kind.kind === "task") states.set(kind.entry.number, [...(states.get(kind.entry.number) ?? []), state]);
  }
  for (const { text } of before) {
    const promised = /^note resolved (\d+)$/.exec(text)?.[1];
    const found = (states.get(Number(promised ?? 0)) ?? []).sort().join();
    if (promised !== undefined && !/^(tasks|active|deferred|failed|done|active,done)$/.test(found))
      throw new Error(`task ${promised} lies in "${found}"`);
  }
  for (const [number, where] of states) {
    if (where.includes("done")) {
      const missing = OUTPUTS.filter((path) => survivors.get(path) !== "whole");
      if (missing.length > 0) throw new Error(`receipt ${number} without ${missing.join(" and ")}`);
    }
    if (where.includes("failed") && survivors.get(`spool/failed/${number}.reason.json`) !== "whole")
      throw new Error(`task ${number} failed without a reason`);
  }
}

async function enqueueOn({ recorder, layout }: Stage, system: System): Promise<void> {
  const spool = await openSpool(layout.root, system);
  const ticket = await spool.enqueue(TASK);
  recorder.note(`resolved ${ticket.number}`);
}

describe("a loss of power at any moment", () => {
  it("leaves a task that was accepted whole in exactly one state, and no receipt without its outputs", async () => {
    const stage = await newStage();
    const { system, base, layout, recorder } = stage;
    await enqueueOn(stage, system);
    await succeed(system, base, layout, await claimFirst(system, layout));
    expect(recorder.lines()).toContain("unlink spool/active/1.a1.json");
    losePowerEverywhere(recorder.operations(), requirePromises);
  });

  it("leaves a task that is deferred and then fails in exactly one state, never without its reason", async () => {
    const stage = await newStage();
    const { system, layout, recorder } = stage;
    await enqueueOn(stage, system);
    const first = await claimFirst(system, layout);
    await defer(system, layout, first, { attempt: 2, dueAtMs: 1, record: crashOf(1) });
    const second = await claimFirst(system, layout);
    expect(second.attempt).toBe(2);
    await finishFailed(system, layout, second, reasonFor(1));
    losePowerEverywhere(recorder.operations(), requirePromises);
  });

  it("leaves every task of overlapping calls that was promised, and no torn one", async () => {
    const { system, layout, recorder } = await newStage();
    const spool = await openSpool(layout.root, system);
    const calls = [1, 2, 3].map(() => spool.enqueue(TASK));
    await Promise.all(calls.map(async (call) => recorder.note(`resolved ${(await call).number}`)));
    losePowerEverywhere(recorder.operations(), requirePromises, 2);
  });

  it("leaves a drop that is being taken in somewhere, and its copy whole", async () => {
    const { system, layout, recorder } = await newStage();
    await openSpool(layout.root, system);
    const drop = await system.fs.open(join(layout.tasks, "cat.json"), "wx");
    await drop.writeFile(JSON.stringify(TASK));
    await drop.sync();
    await drop.close();
    const directory = await system.fs.open(layout.tasks, "r");
    await directory.sync();
    await directory.close();
    recorder.note("dropped");
    const file = await readTaskFile(system, join(layout.tasks, "cat.json"));
    if (file.kind !== "drop") throw new Error(`read as ${file.kind}`);
    await takeIn({ system, layout, committer: committerOf(layout, system) }, "cat.json", file);
    const places = /^spool\/(tasks\/cat\.json|tmp\/taken\..*|tasks\/1\.json)$/;
    losePowerEverywhere(recorder.operations(), (survivors, before) => {
      requirePromises(survivors, before);
      if (!before.some(({ text }) => text === "note dropped")) return;
      expect([...survivors].filter(([path, content]) => places.test(path) && content === "whole")).not.toEqual([]);
    });
  });
});

describe("the model of a power loss", () => {
  const whole = ["mkdir spool", "mkdir spool/tmp", "mkdir spool/tasks", "fsync .", "fsync spool"];
  const promise = "note resolved 1";

  it("finds a link that comes before the fsync of the file", () => {
    const early = [
      "create spool/tmp/x",
      "link spool/tmp/x spool/tasks/1.json",
      "write spool/tmp/x",
      "fsync spool/tmp/x",
    ];
    const lines = [...whole, ...early, "fsync spool/tasks", promise];
    expect(() => losePowerEverywhere(madeUp(lines), requirePromises)).toThrow("spool/tasks/1.json is torn");
  });

  it("finds a promise without an fsync of the directory", () => {
    const file = [
      "create spool/tmp/x",
      "write spool/tmp/x",
      "fsync spool/tmp/x",
      "link spool/tmp/x spool/tasks/1.json",
    ];
    expect(() => losePowerEverywhere(madeUp([...whole, ...file, promise]), requirePromises)).toThrow('lies in ""');
    expect(() =>
      losePowerEverywhere(madeUp([...whole, ...file, "fsync spool/tasks", promise]), requirePromises),
    ).not.toThrow();
  });

  it("finds a task file that goes before its receipt is durable", () => {
    const made = [...whole, "mkdir spool/active", "mkdir spool/done", "mkdir gallery", "fsync .", "fsync spool"];
    const outputs = OUTPUTS.flatMap((path) => [
      `create ${path}.tmp`,
      `write ${path}.tmp`,
      `fsync ${path}.tmp`,
      `rename ${path}.tmp ${path}`,
    ]);
    const task = [
      "create spool/tmp/t",
      "write spool/tmp/t",
      "fsync spool/tmp/t",
      "link spool/tmp/t spool/active/1.a1.json",
    ];
    const receipt = [
      "create spool/tmp/x",
      "write spool/tmp/x",
      "fsync spool/tmp/x",
      "link spool/tmp/x spool/done/1.json",
    ];
    const claimed = [...made, ...outputs, "fsync gallery", ...task, "fsync spool/active", promise, ...receipt];
    const right = [...claimed, "fsync spool/done", "unlink spool/active/1.a1.json"];
    const wrong = [...claimed, "unlink spool/active/1.a1.json", "fsync spool/done"];
    expect(() => losePowerEverywhere(madeUp(right), requirePromises)).not.toThrow();
    expect(() => losePowerEverywhere(madeUp(wrong), requirePromises)).toThrow('task 1 lies in ""');
    const unpublished = right.filter((line) => line !== "fsync gallery");
    expect(() => losePowerEverywhere(madeUp(unpublished), requirePromises)).toThrow("receipt 1 without gallery/a.jpg");
  });
});
