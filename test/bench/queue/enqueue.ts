import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { openSpool } from "spoold";
import { encodeTask } from "../../../src/task/key.ts";
import type { Bench, BenchContext } from "../bench-context.ts";
import { compare, runPairs } from "../pairs.ts";
import type { Demand, Figure, Report } from "../report.ts";
import { openBareLoop } from "./bare-loop.ts";
import { openBullQueue } from "./bullmq.ts";
import { ORDER } from "./orders.ts";
import { openPlainQueue } from "./plainjob.ts";
import { type Appendfsync, startRedis } from "./redis.ts";

interface Case {
  readonly name: string;
  readonly calls: number;
  readonly inFlight: number;
  readonly durability: "full" | "none";
  readonly redis: Appendfsync;
  readonly ofLoop: Demand | undefined;
  readonly ofBull: Demand | undefined;
}

const CASES: readonly Case[] = [
  {
    name: "one after the other, durable",
    ...{ calls: 400, inFlight: 1, durability: "full", redis: "always" },
    ...{ ofLoop: { atLeast: 0.8 }, ofBull: { atLeast: 1 } },
  },
  {
    name: "64 at once, durable",
    ...{ calls: 3_200, inFlight: 64, durability: "full", redis: "always" },
    ...{ ofLoop: { atLeast: 0.8 }, ofBull: undefined },
  },
  {
    name: "one after the other, no fsync",
    ...{ calls: 1_000, inFlight: 1, durability: "none", redis: "everysec" },
    ...{ ofLoop: undefined, ofBull: { atLeast: 1 } },
  },
];

/** What it costs to hand over a task. */
export const enqueueCost: Bench = {
  tells: "enqueue: one after the other and 64 at once, against a bare loop of the same calls, BullMQ and plainjob",
  async run(context) {
    const figures: Figure[] = [];
    const notes = new Set<string>();
    for (const each of CASES) {
      const report = await measure(context, each);
      figures.push(...report.figures);
      for (const note of report.notes) notes.add(note);
    }
    return { figures, details: [], notes: [...notes] };
  },
};

async function measure(context: BenchContext, each: Case): Promise<Report> {
  const { directory, rounds, say } = context;
  const { name, calls, inFlight, durability, redis, ofLoop, ofBull } = each;
  const told = (peer: string) => (round: number) => say(`${name}, against ${peer}: pair ${round} of ${rounds}`);
  const rate = (ms: number): number => (calls * 1_000) / ms;
  const figure = async (peer: string, theirs: () => Promise<number>, demanded: Demand | undefined): Promise<Figure> => {
    const pairs = await runPairs(rounds, { ours: () => ourMs(directory, each), theirs }, told(peer));
    const what = `${name} / ${peer}`;
    const ratio = { kind: "ratio", what, unit: "tasks/s", ...compare(pairs, rate, rate) } as const;
    return demanded === undefined ? ratio : { ...ratio, demanded };
  };
  const groupsOf = (queue: { add(): Promise<void> }) => () => groupsMs(calls, inFlight, () => queue.add());
  const notes = [
    "ours: enqueue(task, { sizes: false }), so that no header is read; each pair begins with an empty spool",
  ];
  const figures = [await figure("bare loop", () => loopMs(directory, each), ofLoop)];
  const server = await startRedis(directory, redis);
  if (server === null) notes.push("no redis-server here: BullMQ is left out");
  else {
    const queue = await openBullQueue(server, ORDER, false);
    figures.push(await figure(`BullMQ, synced ${redis}`, groupsOf(queue), ofBull));
    await queue.close();
    await server.stop();
  }
  const plain = await openPlainQueue(await mkdtemp(join(directory, "plainjob-")), ORDER, durability === "full");
  if (plain === null) notes.push("no better-sqlite3 here: plainjob is left out");
  else {
    const synced = durability === "full" ? "synced always" : "synced at checkpoints";
    figures.push(await figure(`plainjob, ${synced}`, groupsOf(plain), undefined));
    plain.close();
  }
  return { figures, details: [], notes };
}

async function ourMs(directory: string, { calls, inFlight, durability }: Case): Promise<number> {
  const spool = await openSpool(await mkdtemp(join(directory, "spool-")));
  await spool.enqueue(ORDER, { sizes: false, durability });
  return groupsMs(calls, inFlight, () => spool.enqueue(ORDER, { sizes: false, durability }));
}

async function loopMs(directory: string, { calls, inFlight, durability }: Case): Promise<number> {
  const bytes = encodeTask(ORDER);
  const loop = await openBareLoop(await mkdtemp(join(directory, "loop-")), bytes, durability === "full");
  await loop.commit(1);
  const clock = performance.now();
  for (let done = 0; done < calls; done += inFlight) await loop.commit(inFlight);
  return performance.now() - clock;
}

async function groupsMs(calls: number, inFlight: number, call: () => Promise<unknown>): Promise<number> {
  const clock = performance.now();
  for (let done = 0; done < calls; done += inFlight) await Promise.all(Array.from({ length: inFlight }, call));
  return performance.now() - clock;
}
