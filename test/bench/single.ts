import type { Bench } from "./bench-context.ts";
import { paintNegatives } from "./photographs.ts";
import type { Report } from "./report.ts";
import { measureSmall, NEGATIVES, type SmallCase } from "./small-case.ts";

const CASES: readonly SmallCase[] = [
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
    for (const each of CASES) reports.push(await measureSmall(context, negatives, each));
    return {
      figures: reports.flatMap(({ figures }) => figures),
      details: [],
      notes: [
        ...reports.flatMap(({ notes }) => notes),
        "steady: from then on that there is a receipt for each worker, to the last one. The loop writes without fsync, the daemon with it.",
      ],
    };
  },
};
