import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ActiveTask, claim } from "../../src/spool/claim.ts";
import { defer, finishDone, finishFailed, hasReceipt } from "../../src/spool/finish.ts";
import type { Layout } from "../../src/spool/layout.ts";
import type { Verb } from "../../src/spool/moves.ts";
import { openSpool } from "../../src/spool/spool.ts";
import { fingerprintOf } from "../../src/spool/task-file.ts";
import { ignoring } from "../../src/system.ts";
import { newSpool } from "../support/directories.ts";
import { errno, record } from "../support/recorder.ts";
import { clear, moved, placeFile, receiptIn, taskFiles, told, unsynced } from "./move-stages.ts";
import { losePowerEverywhere } from "./power-loss-model.ts";
import { newStage, reasonFor, receiptFor } from "./stages.ts";
import { TASK } from "./task.ts";

const real = unsynced();
const AHEAD = Date.UTC(2100, 0, 1);

/** Each way that a command takes, from where. */
const WAYS: readonly (readonly [Verb, string])[] = [
  ["hold", "tasks/7.json"],
  ["hold", "active/7.a2.json"],
  ["release", "held/7.p5.json"],
  ["release", `held/${AHEAD}.7.a2.json`],
  ["retry", "failed/7.json"],
  ["retry", `deferred/${AHEAD}.7.a2.json`],
  ["cancel", "tasks/7.json"],
  ["cancel", "active/7.a1.json"],
  ["cancel", "held/7.json"],
  ["cancel", "failed/7.json"],
];

/** A kill between two looks leaves what a kill before the next change leaves. */
const CHANGE = /^(create|write|fsync|link|rename|unlink)/;

/** How often a move changes the file system. */
async function changesOf(verb: Verb, place: string): Promise<number> {
  const layout = await newSpool(real);
  await placeFile(layout, place);
  const recorder = record(layout.root, undefined, real);
  await moved(layout, verb, [7], { system: recorder.system });
  return recorder.calls().filter((call) => CHANGE.test(call)).length;
}

describe("a command that is killed at any moment", () => {
  it.each(WAYS)("%s from %s: leaves the task in one place, or its receipt, and may be given again", async (...way) => {
    const [verb, place] = way;
    const count = await changesOf(verb, place);
    expect(count).toBeGreaterThan(2);
    const layout = await newSpool(real);
    for (let last = 0; last < count; last++) {
      await clear(layout);
      await placeFile(layout, place);
      let changes = 0;
      const killed = (text: string): void => {
        if (CHANGE.test(text)) changes += 1;
        // Descriptors are closed by the kernel.
        if (changes > last && !text.startsWith("close")) throw errno("EKILLED");
      };
      const { system } = record(layout.root, killed, real);
      await moved(layout, verb, [7], { system }).catch(() => undefined);
      const left = await taskFiles(layout);
      const alive = left.filter((file) => !file.startsWith("done/"));
      if (left.includes("done/7.json")) {
        expect((await receiptIn(layout)).status).toBe("cancelled");
        expect(
          alive.filter((file) => !file.startsWith("held/")),
          `killed at change ${last}`,
        ).toEqual([]);
      } else expect(alive, `killed at change ${last}`).toHaveLength(1);
      const [again] = await moved(layout, verb, [7], { system: real });
      const ended = await taskFiles(layout);
      expect(ended, `killed at change ${last}`).toHaveLength(1);
      if (verb === "cancel") expect([again?.kind, ended]).toEqual(["moved", ["done/7.json"]]);
    }
  });

  it("leaves after a loss of power what it had told, and the task whole before that", async () => {
    const { layout, recorder, system } = await newStage();
    const spool = await openSpool(layout.root, system);
    await spool.enqueue(TASK);
    recorder.note("accepted");
    for (const verb of ["hold", "release", "cancel"] as const) {
      expect((await spool[verb](1))[0]?.kind).toBe("moved");
      recorder.note(verb);
    }
    losePowerEverywhere(recorder.operations(), (survivors, before) => {
      const whole = [...survivors].filter(([, content]) => content === "whole").map(([path]) => path);
      const alive = whole.filter((path) => /^spool\/(tasks|held)\/1\.json$/.test(path));
      const receipt = whole.includes("spool/done/1.json");
      const last = before.findLast(({ verb }) => verb === "note")?.path;
      expect(survivors.get("spool/done/1.json") ?? "whole").toBe("whole");
      if (last !== undefined && !receipt) expect(alive).toHaveLength(1);
      if (last === "cancel") expect(receipt).toBe(true);
    });
  });
});

/** Before which calls something else may come in between that makes a difference; tmp/ is nobody else's. */
const MATTERS = /^(opendir (tasks|active|held)|lstat|readFile|link|rename|unlink (?!tmp))/;

/** What else may happen to a task while a command is at it; nothing where it cannot happen now. */
type Event = (layout: Layout) => Promise<unknown>;

/** A daemon that has the task in its hand, or takes it, and brings it to this end. */
function daemon(end: (layout: Layout, active: ActiveTask) => Promise<void>): (claimed?: ActiveTask) => Event {
  return (claimed) => async (layout) => {
    const active = claimed ?? (await claimSeven(layout));
    // A daemon that finds the file gone when it moves it leaves it at that, as the attempt's end does.
    if (active !== undefined) await ignoring(["ENOENT"], end(layout, active));
  };
}

const ENDS: Readonly<Record<string, (claimed?: ActiveTask) => Event>> = {
  "claims it": (claimed) => async (layout) => claimed ?? claimSeven(layout),
  "has just done it": daemon((layout, active) => finishDone(real, layout, active, receiptFor(7))),
  "sees it fail": daemon((layout, active) => finishFailed(real, layout, active, reasonFor(7))),
  "defers it": daemon((layout, active) => defer(real, layout, active, { attempt: 1, dueAtMs: 50, record: null })),
};

async function claimSeven(layout: Layout): Promise<ActiveTask | undefined> {
  const seen = await ignoring(["ENOENT"], fingerprintOf(real, join(layout.tasks, "7.json")));
  if (seen === undefined || (await hasReceipt(real, layout, 7))) return undefined;
  const entry = { number: 7, priority: 0, attempt: 1, dueAtMs: 0, state: "tasks", file: "7.json" } as const;
  return claim(real, layout, entry, seen);
}

/** A person who is at the same task. */
async function releaseByHand(layout: Layout): Promise<void> {
  await ignoring(["ENOENT"], rename(join(layout.held, "7.json"), join(layout.tasks, "7.json")));
}

/** Gives a command with the event before each of its calls in turn. @returns what was told of it */
async function byEveryEvent(
  verb: Verb,
  from: "tasks" | "active",
  event: (claimed?: ActiveTask) => Event,
): Promise<Set<string>> {
  const seen = new Set<string>();
  const layout = await newSpool(real);
  for (let at = 0, reached = true; reached; at++) {
    reached = false;
    await clear(layout);
    await placeFile(layout, "tasks/7.json");
    const claimed = from === "active" ? await claimSeven(layout) : undefined;
    let calls = 0;
    const interrupt = async (text: string): Promise<void> => {
      if (!MATTERS.test(text) || calls++ !== at) return;
      reached = true;
      await event(claimed)(layout);
    };
    const [result] = await moved(layout, verb, [7], { system: record(layout.root, interrupt, real).system });
    const left = await taskFiles(layout);
    expect(left, `${told(result)}, at call ${at}`).toHaveLength(1);
    const [file = ""] = left;
    const status = file.startsWith("done/") ? (await receiptIn(layout)).status : "";
    if (verb === "cancel") {
      expect(result?.kind === "moved", `${told(result)} and yet ${file} ${status}`).toBe(status === "cancelled");
      expect(await readdir(layout.attempts)).toEqual([]);
    }
    // It may have been done in the moment after it was held, which stands; it is never held and gone.
    if (verb === "hold" && result?.kind === "moved") {
      expect(`${file} ${status}`).toMatch(/^(held\/(50\.)?7(\.a1)?\.json |done\/7\.json done)$/);
    }
    seen.add(told(result));
  }
  return seen;
}

describe("a command that comes between the steps of a daemon", () => {
  for (const [what, event] of Object.entries(ENDS)) {
    for (const verb of ["hold", "cancel"] as const) {
      for (const from of ["tasks", "active"] as const) {
        it(`leaves the task in one place: ${verb} from ${from} while the daemon ${what}`, async () => {
          const seen = await byEveryEvent(verb, from, event);
          if (what === "has just done it") expect([...seen]).toContain("MOVE_IMPOSSIBLE done");
          else expect([...seen]).toContain(verb === "hold" ? `${from} to held` : `${from} to done`);
        });
      }
    }
  }

  it("cancels also what a person releases meanwhile", async () => {
    expect([...(await byEveryEvent("cancel", "tasks", () => releaseByHand))]).toEqual(["tasks to done"]);
  });
});

describe("two commands at the same task", () => {
  it.each([
    ["cancel", "hold"],
    ["cancel", "cancel"],
    ["hold", "hold"],
    ["hold", "release"],
    ["release", "cancel"],
  ] as const)("leave it in one place: %s and %s", async (first, second) => {
    const layout = await newSpool(real);
    for (let at = 0, reached = true; reached; at++) {
      reached = false;
      await clear(layout);
      await placeFile(layout, first === "release" ? "held/7.json" : "tasks/7.json");
      let calls = 0;
      const interrupt = async (text: string): Promise<void> => {
        if (!MATTERS.test(text) || calls++ !== at) return;
        reached = true;
        await moved(layout, second, [7], { system: real });
      };
      const [result] = await moved(layout, first, [7], { system: record(layout.root, interrupt, real).system });
      // Who wants what the other has done already has got it.
      if (first === second) expect(told(result), `at call ${at}`).toMatch(/ to (held|done)$/);
      const left = await taskFiles(layout);
      expect(left, `${first} and ${second}, at call ${at}`).toHaveLength(1);
      if (left[0] === "done/7.json") expect((await receiptIn(layout)).status).toBe("cancelled");
    }
  });
});
