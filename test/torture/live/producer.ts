/**
 * A producer in a process of its own: enqueues tasks one after the other, and writes each number into its ledger once it
 * has been given it. Its wish is its only argument, as JSON; the parent tells it to rest, to go on, and to stop.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openSpool } from "../../../src/index.ts";
import { chance } from "../../support/scenery/chance.ts";
import { noteAccepted } from "../checker/ledger.ts";
import { type Mix, taskFor } from "./mixes.ts";

/** What a producer is to do. */
export interface ProducerWish {
  readonly spool: string;
  readonly ledger: string;
  readonly name: string;
  readonly mix: Mix;
  readonly seed: number;
  /** Where it begins to count: no two producers may ask for one file as if it were new. */
  readonly from: number;
  /** Between one task and the next, on the average. */
  readonly pauseMs: number;
  /** So many may wait in `tasks/`; then it waits too. */
  readonly backlog: number;
}

export type ProducerOrder = "go" | "rest" | "stop";

/** What it tells its parent. */
export type ProducerNews =
  | { readonly kind: "accepted" | "resting" }
  | { readonly kind: "refused"; readonly code: string };

const LOOK_MS = 50;

const wish = JSON.parse(process.argv[2] ?? "") as ProducerWish;
const random = chance(wish.seed);
let latest: ProducerOrder = "go";
const isTo = (order: ProducerOrder): boolean => latest === order;
process.on("message", (message: ProducerOrder) => {
  latest = message;
});
// Whoever started it is gone: so is the reason to go on.
process.on("disconnect", () => process.exit(0));
const tell = (news: ProducerNews): void => void process.send?.(news, undefined, {}, () => undefined);

const spool = await openSpool(wish.spool);
for (let count = wish.from; !isTo("stop"); ) {
  if (isTo("rest")) tell({ kind: "resting" });
  if (isTo("rest") || readdirSync(join(wish.spool, "tasks")).length > wish.backlog) {
    await sleep(LOOK_MS);
    continue;
  }
  const task = taskFor(wish.mix, { name: wish.name, count, random });
  try {
    const { number } = await spool.enqueue(task, { sizes: false });
    await noteAccepted(wish.ledger, wish.spool, number, { ...task });
    count += 1;
    tell({ kind: "accepted" });
  } catch (error) {
    tell({ kind: "refused", code: String((error as { readonly code?: unknown }).code) });
    await sleep(LOOK_MS);
  }
  await sleep(2 * wish.pauseMs * random());
}
process.disconnect();
