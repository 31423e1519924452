/** Tasks and drops of a scene: some of each kind that there is, and chance decides the rest. */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { type NewTask, openSpool } from "../../../src/index.ts";
import { layoutOf } from "../../../src/spool/layout.ts";
import type { NewHandlerTask } from "../../../src/spool/spool.ts";
import { chance } from "../../support/scenery/chance.ts";
import { clockAt, followSchedule, schedule } from "../../support/scheduler.ts";
import { placePicture } from "../../support/spool.ts";
import { noteAccepted } from "../checker/ledger.ts";
import { placeHandler } from "../order/order-sets.ts";
import type { Lane } from "./lane.ts";
import type { Expected } from "./scene.ts";

/** A task, and what must become of it: `done`, or the code of an error. */
export interface Order {
  readonly task: NewTask | NewHandlerTask;
  readonly end: string;
}

const ENDINGS = ["jpg", "png", "webp"] as const;

/** Where the ledger of a lane's scene lies. */
export function ledgerOf({ template }: Lane): string {
  return `${template}.ledger`;
}

/** Tasks on the pictures of `placePictures`, none of which writes what another one writes. */
export function ordersFor(seed: number): readonly Order[] {
  const random = chance(seed);
  const pick = (count: number): number => Math.floor(random() * count);
  const sizes = (name: string, count: number): NewTask["outputs"] =>
    Array.from({ length: count }, (_, index) => ({
      file: `out/${name}${index}.${ENDINGS[pick(ENDINGS.length)]}`,
      width: 8 + pick(24),
    }));
  const source = (): string => `pictures/${pick(2)}.jpg`;
  const orders: Order[] = [
    { task: { source: source(), outputs: sizes("sizes", 2 + pick(3)), summary: "sizes" }, end: "done" },
    { task: { source: "pictures/none.jpg", outputs: sizes("none", 1), summary: "missing" }, end: "SOURCE_MISSING" },
    { task: { ...copying("flaky", 1), priority: pick(3) }, end: "done" },
    { task: { source: source(), outputs: sizes("later", 1), summary: "later", delay: 100 }, end: "done" },
    {
      task: { source: source(), outputs: sizes("fresh", 1 + pick(2)), summary: "fresh", ...WORDS, skipIfFresh: true },
      end: "done",
    },
    { task: { source: source(), outputs: sizes("high", 1), summary: "high", priority: 1 + pick(9) }, end: "done" },
  ];
  const deep = { file: "out/deep.dzi", tile: { size: 32 } };
  if (seed % 2 === 1) orders.push({ task: { source: source(), outputs: [deep], summary: "deep" }, end: "done" });
  return orders
    .map((order) => ({ order, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ order }) => order);
}

const WORDS = { dedupe: "a word", batch: "pictures" };

function copying(name: string, fails: number): NewHandlerTask {
  return { handler: "copy", reads: ["pictures/0.jpg"], writes: [`out/${name}.jpg`], data: { fails }, summary: name };
}

/** The pictures that tasks read, and older outputs of some of them. */
export async function placePictures({ work }: Lane, seed: number): Promise<void> {
  for (const name of ["pictures", "out"]) await mkdir(join(work, name));
  for (const index of [0, 1]) await placePicture(join(work, `pictures/${index}.jpg`), { seed: seed + index });
  for (const ending of ENDINGS) await placePicture(join(work, `out/sizes0.${ending}`), { seed: 9 });
  await sharp(join(work, "pictures/0.jpg")).negate().tile({ size: 64 }).toFile(join(work, "out/deep.dz"));
}

/** Enqueues tasks, and writes down their numbers. @returns their numbers by summary */
export async function placeOrders(lane: Lane, orders: readonly Order[]): Promise<ReadonlyMap<string, number>> {
  await writeFile(ledgerOf(lane), "");
  const spool = await openSpool(lane.spool);
  await placeHandler(spool.directory);
  const numbers = new Map<string, number>();
  for (const { task } of orders) {
    const { number } = await spool.enqueue(task, { sizes: false });
    await noteAccepted(ledgerOf(lane), lane.spool, number, { ...task });
    numbers.set(task.summary ?? "", number);
  }
  return numbers;
}

/** Puts drops into `tasks/`: one with no number, one under a number that is free, and one that is no task. */
export async function placeDrops({ spool }: Lane, seed: number): Promise<Expected> {
  const drop = (name: string): string =>
    JSON.stringify({ source: "pictures/1.jpg", outputs: [{ file: `out/${name}.png`, width: 9 }], summary: name });
  const broken = `{ "source": ${seed} }`;
  await writeFile(join(spool, "tasks", `a cat ${seed}.json`), drop("cat"));
  await writeFile(join(spool, "tasks", `0${30 + (seed % 10)}.json`), drop("numbered"));
  await writeFile(join(spool, "tasks", "broken.json"), broken);
  return {
    ends: new Map([
      ["cat", "done"],
      ["numbered", "done"],
    ]),
    rejected: new Map([["broken.json", broken]]),
  };
}

/** A schedule one of whose runs was missed; the next one is half a day away. */
export async function placeSchedule({ spool }: Lane): Promise<Expected> {
  const next = new Date(Date.now() + 12 * 60 * 60 * 1_000);
  const layout = layoutOf(spool);
  const task = { source: "pictures/0.jpg", outputs: [{ file: "out/nightly.png", width: 7 }], summary: "nightly" };
  const cron = `${next.getUTCMinutes()} ${next.getUTCHours()} * * *`;
  await schedule(layout, { nightly: { cron, timeZone: "UTC", missed: "once", task } });
  await followSchedule(layout, clockAt(new Date(Date.now() - 25 * 60 * 60 * 1_000).toISOString())).turn();
  return { ends: new Map([["nightly", "done"]]), rejected: new Map() };
}

/** What several parts of a scene must come to together. */
export function together(orders: readonly Order[], ...others: readonly Expected[]): Expected {
  return {
    ends: new Map([
      ...orders.map(({ task, end }) => [task.summary ?? "", end] as const),
      ...others.flatMap(({ ends }) => [...ends]),
    ]),
    rejected: new Map(others.flatMap(({ rejected }) => [...rejected])),
  };
}

/** Hexadecimal digest of bytes. */
export function digestOf(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
