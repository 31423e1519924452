import { availableParallelism } from "node:os";
import type { Bench, BenchContext } from "./bench-context.ts";
import { runDaemon } from "./daemon-run.ts";
import { bestStyle, runHandLoop, type Style, styleText, WAYS } from "./hand-loop.ts";
import { inTurn, type Size, tasksFor } from "./jobs.ts";
import { compare, runPairs } from "./pairs.ts";
import { develop, type Negative, paintNegatives, SIZES } from "./photographs.ts";
import type { Demand, Report } from "./report.ts";

interface Case {
  readonly name: string;
  readonly source: keyof typeof SIZES;
  readonly made: Size;
  readonly tasks: number;
  readonly demanded: Demand;
}

const NEGATIVES = 6;

const CASES: readonly Case[] = [
  {
    name: "3 MP to 800 px",
    source: "3 MP",
    made: { name: "800", width: 800, height: 800, fit: "inside", quality: 80 },
    tasks: 200,
    demanded: { atLeast: 0.95 },
  },
  {
    name: "64 px to 32 px",
    source: "64 px",
    made: { name: "32", width: 32, height: 32, fit: "inside", quality: 80 },
    tasks: 1_000,
    demanded: { atLeast: 0.5 },
  },
];

/** What the queue costs when there is little to do for each task. */
export const single: Bench = {
  tells: "one output per picture, 3 MP and 64 px: the daemon's steady rate against a bare sharp loop",
  async run(context) {
    const negatives = paintNegatives(NEGATIVES);
    const reports: Report[] = [];
    for (const each of CASES) reports.push(await measure(context, negatives, each));
    return {
      figures: reports.flatMap(({ figures }) => figures),
      details: [],
      notes: [
        ...reports.flatMap(({ notes }) => notes),
        "steady: from the first claim to the last receipt. The loop writes without fsync, the daemon with it.",
      ],
    };
  },
};

async function measure(context: BenchContext, negatives: readonly Negative[], each: Case): Promise<Report> {
  const { directory, rounds, say } = context;
  const { name, source, made, tasks, demanded } = each;
  const workers = availableParallelism();
  const pictures = await develop(negatives, SIZES[source], directory);
  const loop = {
    pictures: inTurn(pictures, tasks),
    sizes: [made],
    isSynced: false,
    directory: `${directory}/by-hand`,
  };
  const style = await bestStyle(loop, stylesFor(workers), () => say(`${name}: looking for the fastest loop`));
  const work = { directory, tasks: tasksFor(pictures, tasks, [made]), workers };
  const rate = (ms: number): number => (tasks * 1_000) / ms;
  const pairs = await runPairs(
    rounds,
    { ours: () => runDaemon(work), theirs: () => runHandLoop({ ...loop, style }) },
    (round) => say(`${name}: pair ${round} of ${rounds}`),
  );
  const comparison = compare(pairs, ({ steadyMs }) => rate(steadyMs), rate);
  return {
    figures: [{ kind: "ratio", what: `${name}, steady`, unit: "pictures/s", ...comparison, demanded }],
    details: [],
    notes: [`best loop for ${name}: ${styleText(style)}; ${tasks} pictures per run`],
  };
}

/** As many in flight as the daemon has workers: more would measure another thing. */
function stylesFor(inFlight: number): readonly Style[] {
  return WAYS.flatMap((way) => [1, 2].map((concurrency) => ({ way, inFlight, concurrency })));
}
