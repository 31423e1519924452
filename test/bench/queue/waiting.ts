import { join } from "node:path";
import { openSpool, type Spool } from "spoold";
import type { Bench } from "../bench-context.ts";
import { compare, runPairs } from "../pairs.ts";
import type { Figure } from "../report.ts";
import { fillSpool } from "./fill.ts";
import { ORDER } from "./orders.ts";

const CALLS = 200;

/** Whether a call costs more when many wait. */
export const waitingCost: Bench = {
  tells: "enqueue with 10,000 and 100,000 tasks waiting, against an empty spool",
  async run({ directory, rounds, say }) {
    const empty = await openFilled(join(directory, "empty"), 0);
    const figures: Figure[] = [];
    for (const waiting of [10_000, 100_000]) {
      const name = `${waiting.toLocaleString("en")} waiting / none`;
      say(`${name}: filling`);
      const full = await openFilled(join(directory, String(waiting)), waiting);
      const pairs = await runPairs(rounds, { ours: () => callMs(full), theirs: () => callMs(empty) }, (round) =>
        say(`${name}: pair ${round} of ${rounds}`),
      );
      const msOf = (ms: number): number => ms;
      const comparison = compare(pairs, msOf, msOf);
      figures.push({ kind: "ratio", what: name, unit: "ms a call", ...comparison, demanded: { atMost: 1.2 } });
    }
    return { figures, details: [], notes: [`${CALLS} calls one after the other, durable, in each measurement`] };
  },
};

async function openFilled(directory: string, waiting: number): Promise<Spool> {
  await fillSpool(directory, waiting, ORDER);
  return openSpool(directory);
}

async function callMs(spool: Spool): Promise<number> {
  const clock = performance.now();
  for (let call = 0; call < CALLS; call++) await spool.enqueue(ORDER, { sizes: false });
  return (performance.now() - clock) / CALLS;
}
