import { availableParallelism } from "node:os";
import type { BenchContext } from "./bench-context.ts";
import { runDaemon } from "./daemon-run.ts";
import { bestStyle, runHandLoop, type Style, styleText, WAYS } from "./hand-loop.ts";
import { inTurn, type Size, tasksFor } from "./jobs.ts";
import { compare, runPairs } from "./pairs.ts";
import { develop, type Negative, SIZES } from "./photographs.ts";
import type { Demand, Report } from "./report.ts";

/** One output a picture, so that the queue has a large part in what it costs. */
export interface SmallCase {
  readonly name: string;
  readonly source: keyof typeof SIZES;
  readonly made: Size;
  readonly tasks: number;
  readonly demanded: Demand;
}

export const NEGATIVES = 6;

/** The daemon's steady rate against the best loop that a person would write, with as many in flight. */
export async function measureSmall(
  context: BenchContext,
  negatives: readonly Negative[],
  each: SmallCase,
): Promise<Report> {
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
  const pairs = await runPairs(
    rounds,
    { ours: () => runDaemon(work), theirs: () => runHandLoop({ ...loop, style }) },
    (round) => say(`${name}: pair ${round} of ${rounds}`),
  );
  const comparison = compare(
    pairs,
    ({ steadyRate }) => steadyRate,
    (ms) => (tasks * 1_000) / ms,
  );
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
