import { execFile } from "node:child_process";
import { copyFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { noteAccepted } from "../checker/ledger.ts";
import { verify } from "../checker/verify.ts";
import { within } from "../live/waiting.ts";
import type { Torture, TortureContext, TortureReport } from "../torture-context.ts";
import { growthFaults, reportOf } from "./growth.ts";
import { type Sample, sampleOf } from "./samples.ts";
import { namesIn } from "./scene.ts";
import { SOAK_FAULTS } from "./soak-faults.ts";
import { type Stage, setStage } from "./stage.ts";

/** How long, and what is done to it. */
export interface SoakPlan {
  readonly lengthMs: number;
  /** From one fault to the next. */
  readonly gapMs: number;
  readonly faults: readonly string[];
  readonly sampleMs: number;
  /** How long all has been quiet when it is measured at rest: what was opened for the last task is closed by then. */
  readonly quietMs: number;
  /** Between two tasks of each of the four producers. */
  readonly pauseMs: number;
}

const BIN = fileURLToPath(new URL("../../../bin/spoold.js", import.meta.url));
const PRUNE_MS = 60_000;
const KEPT_RECEIPTS = 1_000;
const MOST_WAIT_MS = 60_000;

/** A daemon under mixed load, for as many minutes as there are rounds. */
export const soak: Torture = {
  tells: "minutes of mixed load with a fault every five of them: flat memory, descriptors and watches, nothing lost",
  rounds: 60,
  run(context) {
    const lengthMs = context.rounds * 60_000;
    const faults = Object.keys(SOAK_FAULTS);
    // Of a short run, too, every fault is a part.
    const gapMs = Math.min(300_000, lengthMs / (faults.length + 1));
    return runSoak(context, { lengthMs, gapMs, faults, sampleMs: 5_000, quietMs: 1_500, pauseMs: 330 });
  },
};

/** Runs a soak. */
export async function runSoak(context: TortureContext, plan: SoakPlan): Promise<TortureReport> {
  const stage = await setStage(context.directory, { seed: context.seed, pauseMs: plan.pauseMs });
  try {
    return await soakOn(stage, context, plan);
  } finally {
    for (const { child } of [stage.daemon, stage.reader, ...stage.producers]) child.kill("SIGKILL");
    await Promise.all([stage.daemon, stage.reader, ...stage.producers].map(({ ended }) => ended));
    stage.disk?.unmount();
  }
}

async function soakOn(stage: Stage, { say }: TortureContext, plan: SoakPlan): Promise<TortureReport> {
  const faults: string[] = [];
  const delivered: Record<string, number> = {};
  const [samples, calm]: [Sample[], Sample[]] = [[], []];
  if (!(await isAtWork(stage))) throw new Error("the daemon did not come to work");
  const stopping = new AbortController();
  const sampling = everyMs(
    plan.sampleMs,
    stopping.signal,
    async () => void samples.push(await sampleOf(stage.daemon.pid)),
  );
  const pruning = everyMs(PRUNE_MS, stopping.signal, () => prune(stage));
  const begunMs = performance.now();
  for (let turn = 0; ; turn++) {
    const strikeAtMs = Math.min((turn + 0.5) * plan.gapMs, plan.lengthMs);
    await sleep(Math.max(0, begunMs + strikeAtMs - performance.now()));
    if (strikeAtMs >= plan.lengthMs || !stage.daemon.lives()) break;
    if (!(await calmDown(stage, calm, plan.quietMs))) faults.push("what was left to do was not done in time");
    const name = plan.faults[turn % plan.faults.length] ?? "";
    say(`${Math.round(strikeAtMs / 1_000)} s: ${name}, ${stage.accepted()} tasks so far`);
    const trouble = await SOAK_FAULTS[name]?.(stage);
    if (typeof trouble === "string") faults.push(`${name}: ${trouble}`);
    const isSkipped = name === "diskFull" && stage.disk === undefined;
    delivered[isSkipped ? `${name} skipped` : name] = (delivered[name] ?? 0) + 1;
    if (!(await isAtWork(stage))) faults.push(`after ${name} a task was not done in time`);
  }
  if (!(await calmDown(stage, calm, plan.quietMs))) faults.push("what was left to do was not done in time");
  stopping.abort();
  await Promise.all([sampling, pruning]);
  faults.push(...(await endOf(stage)), ...growthFaults(samples, calm, plan.lengthMs));
  const { violations, counts } = await verify({ ...stage.evidence, when: "atRest" });
  const found = [...faults, ...stage.violations, ...violations];
  return { faults: found, ...reportOf(samples, calm), counts: { delivered, checked: counts } };
}

/** Whether a task is done that is enqueued now. */
async function isAtWork({ client, ledger, spool }: Stage): Promise<boolean> {
  const task = { handler: "journal", data: {}, reads: [], writes: [], summary: "is anybody there" };
  const ticket = await client.enqueue(task);
  await noteAccepted(ledger, spool, ticket.number, task);
  const signal = AbortSignal.timeout(MOST_WAIT_MS);
  return ticket.done({ signal }).then(
    () => true,
    () => false,
  );
}

/** Lets producers rest until nothing is left to be done, measures, and lets them go on. */
async function calmDown(stage: Stage, calm: Sample[], quietMs: number): Promise<boolean> {
  for (const producer of stage.producers) producer.order("rest");
  await Promise.all(stage.producers.map((producer) => producer.rested()));
  const isDone = await within(MOST_WAIT_MS, async () => (await namesIn(stage, "tasks", "active", "deferred")) === 0);
  await sleep(quietMs);
  calm.push(await sampleOf(stage.daemon.pid));
  for (const producer of stage.producers) producer.order("go");
  return isDone;
}

/** Saves receipts, and lets the program remove all but the newest of them. */
async function prune({ spool, directory }: Stage): Promise<void> {
  const saved = new Set(await readdir(join(directory, "archive")));
  for (const name of await readdir(join(spool, "done")))
    if (!saved.has(name)) await copyFile(join(spool, "done", name), join(directory, "archive", name));
  const wish = ["prune", "--spool", spool, "--done-count", String(KEPT_RECEIPTS)];
  // It may come while the disk is full: the next one will do.
  await promisify(execFile)(process.execPath, [BIN, ...wish]).catch(() => undefined);
}

/** Tells everybody to stop, one after the other. @returns what was wrong with that */
async function endOf({ producers, daemon, reader }: Stage): Promise<readonly string[]> {
  for (const producer of producers) producer.order("stop");
  const ends = await Promise.all(producers.map(({ ended }) => ended));
  const faults = ends.filter((end) => end !== 0).map((end) => `a producer ended with ${end}`);
  if (!daemon.lives()) faults.push("the daemon had ended before it was told to");
  daemon.child.kill("SIGTERM");
  const exit = await daemon.ended;
  if (exit !== 0) faults.push(`the daemon ended with ${exit}`);
  reader.child.kill("SIGTERM");
  if ((await reader.ended) !== 0) faults.push("the reader broke down");
  return faults;
}

async function everyMs(ms: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await work();
    await sleep(ms, undefined, { signal }).catch(() => undefined);
  }
}
