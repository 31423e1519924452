import { availableParallelism } from "node:os";
import { join } from "node:path";
import { daemonArgs, plainEnv } from "../crash/daemon-run.ts";
import { clear, keepAsTemplate, type Lane, openLane, restore } from "../crash/lane.ts";
import {
  type Order,
  ordersFor,
  placeDrops,
  placeOrders,
  placePictures,
  placeSchedule,
  together,
} from "../crash/orders.ts";
import { startProducer } from "../crash/producer.ts";
import { producing } from "../crash/producing.ts";
import type { Expected } from "../crash/scene.ts";
import { startTraced, startTracedWorker, untraceable } from "../strace/traced.ts";
import type { Torture, TortureContext, TortureReport } from "../torture-context.ts";
import { allCells, type Cell, nameOf, type Who } from "./cells.ts";
import { type CellEnd, playCell, rememberRoles, type Stage } from "./play-cell.ts";
import { playTrouble } from "./play-trouble.ts";
import { rolesIn } from "./roles.ts";
import { TROUBLES, type Trouble, untroubled } from "./troubles.ts";

/** Puts errors to calls of producers, daemons and workers. */
export const faults: Torture = {
  tells: "errors of the machine at every place: each must reject, pause or be told as designed, and lose nothing",
  rounds: 1,
  run: (context) =>
    torment(context, { cells: allCells(), troubles: TROUBLES, lanes: Math.max(2, availableParallelism()) }),
};

/** What is played. */
export interface Extent {
  readonly cells: readonly Cell[];
  readonly troubles: readonly Trouble[];
  /** How many cells are played at once. */
  readonly lanes: number;
}

export async function torment(
  context: TortureContext,
  { cells, troubles, lanes: count }: Extent,
): Promise<TortureReport> {
  const missing = untraceable();
  if (missing !== undefined) return { faults: [missing], counts: {}, figures: {} };
  const ends: CellEnd[] = [];
  const lanes: Lane[] = [];
  for (let index = 0; index < count; index++) lanes.push(await openLane(context.directory, `lane${index}`));
  for (let round = 0; round < context.rounds; round++)
    for (const who of ["producer", "daemon", "worker"] as const) {
      const left = cells.filter((cell) => cell.who === who);
      if (left.length > 0)
        await Promise.all(
          lanes.map((lane) => playAll(lane, who, left, { ...context, seed: context.seed + round }, ends)),
        );
      context.say(`${who}s: ${ends.length} cells so far`);
    }
  const reason = troubles.length === 0 ? undefined : untroubled();
  const wishes =
    reason === undefined ? troubles.flatMap((trouble) => [false, true].map((isLong) => ({ trouble, isLong }))) : [];
  const report = async (): Promise<TortureReport> => reportOf(ends, reason);
  // One at a time: they are the whole system's.
  const [lane] = lanes;
  if (wishes.length === 0 || lane === undefined) return report();
  const stage = await prepare(lane, "real", context.seed);
  for (const { trouble, isLong } of wishes)
    ends.push(await playTrouble(stage, trouble, isLong).catch(brokenOff(trouble.name)));
  return report();
}

/** What broke the torture itself is told as its fault. */
function brokenOff(name: string): (error: unknown) => CellEnd {
  return (error) => ({ name, expected: "", reaction: "", delivered: 0, faults: [`it broke off: ${String(error)}`] });
}

async function playAll(
  lane: Lane,
  who: Who,
  left: Cell[],
  { seed, say }: TortureContext,
  ends: CellEnd[],
): Promise<void> {
  const stage = await prepare(lane, who, seed);
  for (let cell = left.shift(); cell !== undefined; cell = left.shift()) {
    const end = await playCell(stage, cell).catch(brokenOff(nameOf(cell)));
    ends.push(end);
    for (const fault of end.faults) say(`${end.name}: ${fault}`);
  }
}

/** Fills a lane, and lets it play once with no fault: that tells which calls there are. */
async function prepare(lane: Lane, who: Who | "real", seed: number): Promise<Stage> {
  await clear(lane);
  const expected = who === "producer" ? await producing.prepare(lane, seed) : await placeWork(lane, who, seed);
  await keepAsTemplate(lane);
  await restore(lane);
  if (who === "real") return { lane, expected, roles: new Map() };
  const args = [...daemonArgs(lane, 1), "--once"];
  const run = { args, directory: lane.work, log: join(lane.desk, "strace.txt"), env: plainEnv() };
  const start = {
    producer: () => startProducer(lane, undefined),
    daemon: () => startTraced(run),
    worker: () => startTracedWorker(run),
  };
  const { calls } = await start[who]().ended;
  return { lane, expected, roles: await rememberRoles(lane, rolesIn(calls, lane.work)) };
}

/** The tasks of each kind of scene. */
const WORK = {
  daemon: ["sizes", "missing", "flaky"],
  worker: ["sizes", "deep"],
  real: ["sizes", "high"],
} as const;

/** One source for all, so that it can be taken from all. */
function readable(task: Order["task"]): { source?: string } {
  return "source" in task && task.source !== "pictures/none.jpg" ? { source: "pictures/0.jpg" } : {};
}

async function placeWork(lane: Lane, who: keyof typeof WORK, seed: number): Promise<Expected> {
  await placePictures(lane, seed);
  const wanted: readonly string[] = WORK[who];
  const orders = ordersFor(seed * 2 + 1)
    .filter(({ task }) => wanted.includes(task.summary ?? ""))
    .map(({ task: { priority: _none, ...task }, end }) => ({ task: { ...task, ...readable(task) }, end }));
  await placeOrders(lane, orders);
  if (who !== "daemon") return together(orders);
  return together(orders, await placeDrops(lane, seed), await placeSchedule(lane));
}

function reportOf(ends: readonly CellEnd[], reason: string | undefined): TortureReport {
  const reactions: Record<string, number> = {};
  const delivered: Record<string, number> = {};
  for (const { name, reaction, delivered: calls } of ends) {
    reactions[reaction] = (reactions[reaction] ?? 0) + 1;
    delivered[name] = calls;
  }
  const broken = ends.flatMap(({ name, faults: found }) => found.map((fault) => `${name}: ${fault}`));
  return {
    faults: reason === undefined ? broken : [...broken, reason],
    counts: { reactions, delivered },
    figures: { cells: ends.length, faultsDelivered: ends.reduce((sum, end) => sum + end.delivered, 0) },
  };
}
