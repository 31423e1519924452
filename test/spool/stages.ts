/** One task on its whole way, step by step, for tests that record it. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { SpooldError } from "../../src/errors.ts";
import { resolveOutput } from "../../src/image/paths.ts";
import { publish } from "../../src/image/publish.ts";
import { temporaryPath, writeTemporaries } from "../../src/image/temporaries.ts";
import { type ActiveTask, claim } from "../../src/spool/claim.ts";
import { scanDeferred } from "../../src/spool/deferred.ts";
import { finishDone } from "../../src/spool/finish.ts";
import { type Layout, layoutOf } from "../../src/spool/layout.ts";
import { scanTasks } from "../../src/spool/scan.ts";
import { fingerprintOf } from "../../src/spool/task-file.ts";
import type { System } from "../../src/system.ts";
import type { AttemptRecord, Reason, Receipt } from "../../src/task/outcome.ts";
import { newDirectory, put } from "../support/directories.ts";
import { type Before, type Recorder, record } from "../support/recorder.ts";
import { TASK_BYTES } from "./task.ts";

/** A recorded directory in which a spool may be made. */
export interface Stage {
  readonly base: string;
  readonly layout: Layout;
  readonly recorder: Recorder;
  readonly system: System;
}

export const OUTPUTS = ["gallery/a.jpg", "gallery/b.webp"];

/** An empty directory and a recorder on it; the spool is yet to be made. */
export async function newStage(before?: Before): Promise<Stage> {
  const base = await newDirectory();
  const recorder = record(base, before);
  return { base, layout: layoutOf(join(base, "spool")), recorder, system: recorder.system };
}

/** Claims the first task that waits or is due. */
export async function claimFirst(system: System, layout: Layout): Promise<ActiveTask> {
  const { due } = await scanDeferred(system, layout, { nowMs: system.nowMs(), longestWaitMs: 600_000 }, 1);
  const entry = due[0] ?? (await scanTasks(system, layout, 1)).entries[0];
  if (entry === undefined) throw new Error("nothing waits");
  const seen = await fingerprintOf(system, join(layout[entry.state], entry.file));
  const active = await claim(system, layout, entry, seen);
  if (active === undefined) throw new Error("the task has changed");
  return active;
}

/** Makes and publishes two outputs as worker and daemon do. */
export async function publishOutputs(system: System, base: string, number: number): Promise<void> {
  const files = [];
  for (const [index, file] of OUTPUTS.entries()) {
    const path = await resolveOutput(system, file, [base], { create: true });
    files.push({
      path,
      temporary: temporaryPath(path, `tag-${number}`, index),
      content: Buffer.from(`pixels of ${file}`),
    });
  }
  await writeTemporaries(system, files);
  await publish(system, files);
}

/** Publishes, and writes the receipt. */
export async function succeed(system: System, base: string, layout: Layout, active: ActiveTask): Promise<void> {
  await publishOutputs(system, base, active.number);
  await finishDone(system, layout, active, receiptFor(active.number));
}

export function receiptFor(number: number, summary = "done"): Receipt {
  const at = new Date(0).toISOString();
  const source = { path: "/in.jpg", width: 1, height: 1, bytes: 1, format: "jpeg", orientation: 1 };
  const who = { supplicant: "test", summary };
  return {
    number,
    key: "",
    status: "done",
    ...who,
    attempts: 1,
    startedAt: at,
    endedAt: at,
    durationMs: 0,
    source,
    outputs: [],
  };
}

export function reasonFor(number: number): Reason {
  const error = new SpooldError("SOURCE_MISSING", { path: "/in.jpg" }).toJSON();
  return { number, supplicant: null, summary: null, error, attempts: [], endedAt: new Date(0).toISOString() };
}

export function crashOf(attempt: number): AttemptRecord {
  const error = new SpooldError("WORKER_CRASHED", { signal: "SIGSEGV" }).toJSON();
  return { attempt, outcome: "crashed", error, endedAt: new Date(attempt).toISOString() };
}

/** A task file in `active/` as a claim leaves it. */
export async function activeTask(layout: Layout, number: number, attempt = 1): Promise<ActiveTask> {
  await mkdir(layout.active, { recursive: true });
  const path = await put(join(layout.active, `${number}.a${attempt}.json`), TASK_BYTES);
  return { number, priority: 0, attempt, dueAtMs: 0, path };
}
