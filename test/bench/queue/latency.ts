import { mkdtemp, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openSpool, type Spool } from "spoold";
import { encodeTask } from "../../../src/task/key.ts";
import type { Bench } from "../bench-context.ts";
import type { Figure } from "../report.ts";
import { spreadOf } from "../spread.ts";
import { openBullQueue } from "./bullmq.ts";
import { placeHandler } from "./fill.ts";
import { MOMENT, MOMENT_HANDLER } from "./orders.ts";
import { startRedis } from "./redis.ts";
import { launchDaemon } from "./running-daemon.ts";

/** Tasks a round, each after a pause in which everything has come to rest. */
const TASKS = 60;
const PAUSE_MS = 40;
/** What ours may take longer than BullMQ's middle, in ms. */
const MORE_MS = 2;

type Way = (index: number) => Promise<number>;

/** How soon an idle daemon begins with what comes. */
export const latency: Bench = {
  tells: "from the call of enqueue, or the mv of a task file, to the start of its work in an idle daemon",
  async run({ directory, rounds, say }) {
    const place = await mkdtemp(join(directory, "latency-"));
    const spool = await openSpool(join(place, "spool"));
    await placeHandler(spool.directory, "moment", MOMENT_HANDLER);
    const daemon = launchDaemon(spool.directory, place, ["--concurrency", "1"]);
    await daemon.line(({ msg }) => msg === "daemon started");
    await (await spool.enqueue(MOMENT)).done();
    const server = await startRedis(directory, "always");
    const queue = server === null ? null : await openBullQueue(server, MOMENT, true);
    const ways: Record<string, Way> = { enqueue: () => enqueued(spool), mv: (index) => moved(spool, place, index) };
    if (queue !== null) ways["BullMQ"] = () => queue.latency();
    const times: Record<string, number[]> = {};
    for (let round = 0; round <= rounds; round++) {
      say(`round ${round} of ${rounds}`);
      for (const [name, way] of Object.entries(ways)) {
        const taken = await takeTimes(way, round);
        // The first warms up.
        if (round > 0) times[name] = [...(times[name] ?? []), ...taken];
      }
    }
    await queue?.close();
    await server?.stop();
    await daemon.stop();
    const notes =
      queue === null ? ["no redis-server here: BullMQ is left out"] : ["BullMQ: worker and producer in one process"];
    return { figures: figuresOf(times), details: [], notes };
  },
};

async function takeTimes(way: Way, round: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = 0; index < TASKS; index++) {
    await sleep(PAUSE_MS);
    times.push(await way(round * TASKS + index));
  }
  return times;
}

async function enqueued(spool: Spool): Promise<number> {
  const calledMs = performance.timeOrigin + performance.now();
  const { result } = await (await spool.enqueue(MOMENT)).done();
  return Number(result) - calledMs;
}

/** A file that is a task with its key, moved in under a number that none of those enqueued before or after will get. */
async function moved(spool: Spool, place: string, index: number): Promise<number> {
  const number = (Math.floor(index / TASKS) + 1) * 10 * TASKS + index;
  const file = join(place, "drop.json");
  await writeFile(file, encodeTask(MOMENT));
  const calledMs = performance.timeOrigin + performance.now();
  await rename(file, join(spool.directory, "tasks", `${number}.json`));
  const { result } = await spool.ticket(number).done();
  return Number(result) - calledMs;
}

function figuresOf(times: Readonly<Record<string, readonly number[]>>): readonly Figure[] {
  const peer = times["BullMQ"];
  const limit = peer === undefined ? undefined : spreadOf(peer).median + MORE_MS;
  return Object.entries(times).flatMap(([name, all]): Figure[] => {
    const late = { ...spreadOf(all), median: percentile(all, 0.99) };
    const isOurs = name !== "BullMQ";
    const p50: Figure = { kind: "value", what: `${name}, p50`, unit: "ms", value: spreadOf(all) };
    const p99: Figure = { kind: "value", what: `${name}, p99`, unit: "ms", value: late };
    if (!isOurs) return [p50, p99];
    const demanded = limit === undefined ? {} : { demanded: { atMost: Math.round(limit * 100) / 100 } };
    return [
      { ...p50, ...demanded },
      { ...p99, demanded: { atMost: 25 } },
    ];
  });
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
