import { setInterval } from "node:timers/promises";
import { openSpool } from "../../src/index.ts";
import { type Child, startDaemon, startDrops } from "./child.ts";
import { DemoFault } from "./fault.ts";
import type { Order } from "./orders.ts";
import { PLACES } from "./places.ts";
import { type Progress, showProgress } from "./progress.ts";
import { countEnded } from "./results.ts";

/** Of drop.sh's drops two are no tasks. */
const REJECTED = 2;
const LOOK_EVERY_MS = 200;

/**
 * Enqueues half of the orders, lets `drop.sh` drop the other half, and runs the daemon meanwhile until nothing is left.
 * @throws DemoFault when a process does not end as it should; TASK_FAILED
 */
export async function runOrders(orders: readonly Order[], deadline: AbortSignal): Promise<void> {
  const spool = await openSpool(PLACES.spool);
  const byCall = orders.filter(({ door }) => door === "enqueue()");
  const tickets = await Promise.all(byCall.map(({ task }) => spool.enqueue(task)));
  const numbers = tickets.map(({ number }) => number).join(", ");
  process.stdout.write(`enqueue() has taken tasks ${numbers}\n`);

  const total = orders.length + REJECTED;
  const progress = showProgress("spoold", total);
  const stopped = new AbortController();
  const signal = AbortSignal.any([deadline, stopped.signal]);
  let tells = "";
  const watching = follow(progress, () => tells, signal);
  try {
    const script = startDrops(signal, (line) => {
      tells = `drop.sh: ${line}`;
    });
    script.ended.catch(() => undefined);
    await script.begun;
    // The first drop is half-written and the script still at work: the daemon may not end before both are done.
    const daemon = startDaemon(signal);
    const receipts = tickets.map((ticket) => ticket.done({ signal }));
    await Promise.all([requireCode(daemon, 1, "the daemon"), requireCode(script, 0, "drop.sh"), ...receipts]);
    progress.at(await countEnded(), "all tasks have ended");
  } finally {
    // Ends what still runs when something has gone wrong.
    stopped.abort();
    await watching;
    progress.end();
  }
}

/** Shows how much has ended until told to stop. */
async function follow(progress: Progress, tells: () => string, signal: AbortSignal): Promise<void> {
  try {
    for await (const _tick of setInterval(LOOK_EVERY_MS, undefined, { signal }))
      progress.at(await countEnded(), tells());
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** The daemon's code is 1 when a drop was rejected, and two are meant to be. */
async function requireCode({ ended }: Child, wanted: number, name: string): Promise<void> {
  const { end, complaint } = await ended;
  if (end === wanted) return;
  const why = complaint === "" ? "" : `: ${complaint}`;
  throw new DemoFault(`${name} ended with ${end ?? "no code"} instead of ${wanted}${why}`);
}
