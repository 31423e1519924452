import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import type { Bench, BenchContext } from "../bench-context.ts";
import type { Demand, Figure } from "../report.ts";
import { type Spread, spreadOf } from "../spread.ts";
import { fillSpool, placeHandler } from "./fill.ts";
import { MOMENT, MOMENT_HANDLER } from "./orders.ts";
import { launchDaemon, peakMib } from "./running-daemon.ts";
import { profileIn, profiling, watchShareOf } from "./watch-share.ts";

interface Case {
  readonly waiting: number;
  readonly firstMs?: Demand;
  readonly mib?: Demand;
}

const CASES: readonly Case[] = [
  { waiting: 1_000 },
  { waiting: 100_000, firstMs: { atMost: 1_500 }, mib: { atMost: 150 } },
  { waiting: 1_000_000, mib: { atMost: 250 } },
];

/** Tasks that are drained for the cost of one, after as many that warm up. */
const DRAINED = 400;

interface Drained {
  readonly firstMs: number;
  readonly taskMs: number;
  readonly mib: number;
}

/** What was measured with so many waiting. */
interface Measured {
  readonly drained: readonly Drained[];
  readonly watchShare: number;
}

/** What a backlog costs the daemon. */
export const backlog: Bench = {
  tells: "1,000, 100,000 and 1,000,000 tasks waiting: the first task, the cost of each, and the daemon's memory",
  async run(context) {
    const all: [Case, Measured][] = [];
    for (const each of CASES) all.push([each, await measure(context, each)]);
    const base = spreadOf((all[0]?.[1].drained ?? []).map(({ taskMs }) => taskMs)).median;
    return {
      figures: all.flatMap(([each, measured]) => figuresOf(each, measured, base)),
      details: [],
      notes: [
        "handler tasks that do nothing, two workers; the daemon is killed after each measurement and finds the rest again",
        "watches' share: of the samples of a profile of the daemon's main thread that are not idle, from its start on; one run",
      ],
    };
  },
};

async function measure({ directory, rounds, say }: BenchContext, { waiting }: Case): Promise<Measured> {
  const name = `${waiting.toLocaleString("en")} waiting`;
  const place = await mkdtemp(join(directory, "backlog-"));
  const spool = join(place, "spool");
  say(`${name}: filling`);
  // What the rounds use up is put on top.
  await fillSpool(spool, waiting + (rounds + 2) * 3 * DRAINED, MOMENT);
  await placeHandler(spool, "moment", MOMENT_HANDLER);
  const all: Drained[] = [];
  for (let round = 0; round <= rounds; round++) {
    say(`${name}: round ${round} of ${rounds}`);
    const drained = await drain(spool, place);
    if (round > 0) all.push(drained);
  }
  return { drained: all, watchShare: await watchShare(spool, place) };
}

async function watchShare(spool: string, place: string): Promise<number> {
  const profiles = join(place, "profiles");
  const daemon = launchDaemon(spool, place, ["--concurrency", "2"], profiling(profiles));
  let done = 0;
  await daemon.line(({ msg }) => msg === "task done" && ++done >= DRAINED * 2);
  await daemon.stop();
  return watchShareOf(await profileIn(profiles));
}

async function drain(spool: string, place: string): Promise<Drained> {
  const daemon = launchDaemon(spool, place, ["--concurrency", "2", "--log-level", "debug"]);
  const first = daemon.line(({ msg }) => msg === "task started");
  let done = 0;
  const after = (count: number) => daemon.line(({ msg }) => msg === "task done" && ++done >= count);
  const warm = await after(DRAINED);
  const end = await after(DRAINED * 2);
  const mib = await peakMib(daemon.pid);
  await daemon.stop("SIGKILL");
  return { firstMs: (await first).afterMs, taskMs: (end.afterMs - warm.afterMs) / DRAINED, mib };
}

function figuresOf({ waiting, firstMs, mib }: Case, { drained, watchShare }: Measured, base: number): Figure[] {
  const name = waiting.toLocaleString("en");
  const of = (value: (each: Drained) => number): Spread => spreadOf(drained.map(value));
  const figure = (what: string, unit: string, value: Spread, demanded?: Demand): Figure => {
    const told = { kind: "value", what: `${name}: ${what}`, unit, value } as const;
    return demanded === undefined ? told : { ...told, demanded };
  };
  const costs = of(({ taskMs }) => taskMs / base);
  return [
    figure(
      "spawn to first task",
      "ms",
      of((each) => each.firstMs),
      firstMs,
    ),
    figure(
      "a task",
      "ms",
      of(({ taskMs }) => taskMs),
    ),
    ...(waiting > 1_000 ? [figure("a task, to that of 1,000", "ratio", costs, { atMost: 1.15 })] : []),
    figure(
      "daemon's peak",
      "MiB",
      of((each) => each.mib),
      mib,
    ),
    figure("watches' share of the main thread", "", spreadOf([watchShare]), { atMost: 0.05 }),
  ];
}
