import { availableParallelism } from "node:os";
import type { Bench } from "./bench-context.ts";
import { type DaemonRun, runDaemon } from "./daemon-run.ts";
import { GALLERY, tasksFor } from "./jobs.ts";
import { compare, runPairs } from "./pairs.ts";
import { develop, paintNegatives, SIZES } from "./photographs.ts";
import type { Figure } from "./report.ts";

const NEGATIVES = 4;
const TASKS = 48;

/** What more workers bring. */
export const scaling: Bench = {
  tells: "12 MP photographs to the gallery's sizes: 2 and 4 workers against one",
  async run({ directory, rounds, say }) {
    const pictures = await develop(paintNegatives(NEGATIVES), SIZES["12 MP"], directory);
    const cores = availableParallelism();
    const figures: Figure[] = [];
    const tasks = tasksFor(pictures, TASKS, GALLERY);
    const rate = ({ steadyRate }: DaemonRun): number => steadyRate;
    for (const workers of [2, 4]) {
      const runs = {
        ours: () => runDaemon({ directory, tasks, workers }),
        theirs: () => runDaemon({ directory, tasks, workers: 1 }),
      };
      const pairs = await runPairs(rounds, runs, (round) => say(`${workers} workers: pair ${round} of ${rounds}`));
      const figure = {
        kind: "ratio",
        what: `${workers} workers / 1`,
        unit: "pictures/s",
        ...compare(pairs, rate, rate),
      } as const;
      // More workers than cores share the cores: nothing is demanded of them.
      figures.push(workers > cores ? figure : { ...figure, demanded: { atLeast: 0.9 * workers } });
    }
    return { figures, details: [], notes: [`${cores} cores, ${TASKS} pictures a run`] };
  },
};
