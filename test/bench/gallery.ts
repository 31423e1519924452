import { copyFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Bench, BenchContext } from "./bench-context.ts";
import { type DaemonRun, runDaemon } from "./daemon-run.ts";
import { allStyles, bestStyle, type LoopWork, runHandLoop, styleText } from "./hand-loop.ts";
import { GALLERY, inTurn, tasksFor } from "./jobs.ts";
import { compare, type Pair, runPairs } from "./pairs.ts";
import { develop, paintNegatives, QUALITIES, SIZES } from "./photographs.ts";
import type { Demand, Figure, Report } from "./report.ts";
import { type Spread, spreadOf } from "./spread.ts";

/** What a loop by hand took, in ms. */
interface LoopRuns {
  readonly plainMs: number;
  readonly syncedMs: number;
}

interface Case {
  readonly name: string;
  readonly pictures: readonly string[];
  readonly demanded: Demand;
}

const TASKS = 36;
const NEGATIVES = 6;
/** Name of the photograph that may lie in the directory given as `--pictures`. */
const OWN_PHOTOGRAPH = "photo-6mp.jpg";

/** Pictures per second through the whole daemon, against the best loop that a person writes with sharp. */
export const gallery: Bench = {
  tells: "photographs to the gallery's four JPEG sizes: the daemon against the best loop written by hand with sharp",
  async run(context) {
    const cases = await prepare(context);
    const reports: Report[] = [];
    for (const each of cases) reports.push(await measure(context, each));
    return {
      figures: reports.flatMap(({ figures }) => figures),
      details: [],
      notes: [...reports.flatMap(({ notes }) => notes), ...NOTES],
    };
  },
};

const NOTES = [
  `${TASKS} pictures per run; one worker per core; every run in fresh processes.`,
  "whole run: from the daemon's spawn to its exit. steady: from then on that there is a receipt for each worker, for the loop, too, is timed after a picture to warm up.",
  "fsynced: the loop with an fsync of each output, still without the daemon's directory syncs, receipts and renames.",
];

async function prepare(context: BenchContext): Promise<readonly Case[]> {
  const { directory, say } = context;
  say(`painting ${NEGATIVES} photographs`);
  const negatives = paintNegatives(NEGATIVES);
  const large = SIZES["12 MP"];
  const phone = await develop(negatives, { ...large, quality: QUALITIES.telephone }, directory);
  const camera = await develop(negatives, { ...large, quality: QUALITIES.camera }, directory);
  const own = await ownPhotograph(context);
  const medium = own === null ? await develop(negatives, SIZES["6 MP"], directory) : [own];
  return [
    { name: "12 MP of 5 MB", pictures: camera, demanded: { atLeast: 2 } },
    { name: "12 MP of 3 MB", pictures: phone, demanded: { atLeast: 2 } },
    { name: own === null ? "6 MP" : `6 MP, ${OWN_PHOTOGRAPH}`, pictures: medium, demanded: { atLeast: 1.3 } },
  ];
}

/** The photograph that somebody has given, copied to where the daemon may read, or null. */
async function ownPhotograph({ directory, pictures }: BenchContext): Promise<string | null> {
  if (pictures === null) return null;
  const copy = join(directory, OWN_PHOTOGRAPH);
  await copyFile(join(pictures, OWN_PHOTOGRAPH), copy);
  return copy;
}

async function measure(context: BenchContext, { name, pictures, demanded }: Case): Promise<Report> {
  const { directory, rounds, say } = context;
  const loop = {
    pictures: inTurn(pictures, TASKS),
    sizes: GALLERY,
    isSynced: false,
    directory: join(directory, "by-hand"),
  };
  const style = await bestStyle(loop, allStyles(), (tried, found) =>
    say(`${name}: ${found.toFixed(1)} pictures/s: ${styleText(tried)}`),
  );
  const work = { directory, tasks: tasksFor(pictures, TASKS, GALLERY), workers: availableParallelism() };
  const pairs = await runPairs(
    rounds,
    { ours: () => runDaemon(work), theirs: () => bothLoops({ ...loop, style }) },
    (round) => say(`${name}: pair ${round} of ${rounds}`),
  );
  return {
    figures: figuresOf(name, pairs, demanded),
    details: [],
    notes: [`best loop for ${name}: ${styleText(style)}`],
  };
}

async function bothLoops(work: LoopWork): Promise<LoopRuns> {
  return { plainMs: await runHandLoop(work), syncedMs: await runHandLoop({ ...work, isSynced: true }) };
}

function figuresOf(name: string, pairs: readonly Pair<DaemonRun, LoopRuns>[], demanded: Demand): readonly Figure[] {
  const whole = ({ wholeMs }: DaemonRun): number => rate(wholeMs);
  const steady = ({ steadyRate }: DaemonRun): number => steadyRate;
  const plain = ({ plainMs }: LoopRuns): number => rate(plainMs);
  const synced = ({ syncedMs }: LoopRuns): number => rate(syncedMs);
  const unit = "pictures/s";
  return [
    { kind: "ratio", what: `${name}, steady`, unit, ...compare(pairs, steady, plain), demanded },
    { kind: "ratio", what: `${name}, whole run`, unit, ...compare(pairs, whole, plain), demanded },
    { kind: "ratio", what: `${name}, steady, loop fsynced`, unit, ...compare(pairs, steady, synced) },
    { kind: "value", what: `${name}, daemon: spawn to first claim`, unit: "ms", value: startOf(pairs) },
    { kind: "value", what: `${name}, daemon: last receipt to exit`, unit: "ms", value: endOf(pairs) },
  ];
}

function startOf(pairs: readonly Pair<DaemonRun, LoopRuns>[]): Spread {
  return spreadOf(pairs.map(({ ours }) => ours.startMs));
}

function endOf(pairs: readonly Pair<DaemonRun, LoopRuns>[]): Spread {
  return spreadOf(pairs.map(({ ours }) => ours.endMs));
}

/** Pictures per second. */
function rate(ms: number): number {
  return (TASKS * 1_000) / ms;
}
