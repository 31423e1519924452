import type { Bench } from "../bench-context.ts";
import { paintNegatives } from "../photographs.ts";
import { measureSmall, NEGATIVES, type SmallCase } from "../small-case.ts";

const TINY: SmallCase = {
  name: "64 px to 32 px",
  source: "64 px",
  made: { name: "32", width: 32, height: 32, fit: "inside", quality: 80 },
  tasks: 2_000,
  demanded: { atLeast: 0.6 },
};

/** What the queue costs when there is next to nothing to do. */
export const drain: Bench = {
  tells: "tiny tasks: the daemon's steady rate against bare sharp with as many in flight",
  async run(context) {
    return measureSmall(context, paintNegatives(NEGATIVES), TINY);
  },
};
