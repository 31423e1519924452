/**
 * Which tasks belong to a batch: one empty file for each, `run/batches/NAME/42`, made when the task is committed. It
 * stays when the task has ended, so that a batch can be counted; pruning takes it with the receipt.
 */
import { join } from "node:path";
import { ignoring, type System } from "../system.ts";
import { isInRanges } from "../task/ranges.ts";
import { isBatchName } from "../task/words.ts";
import { numbersIn } from "./find.ts";
import type { Layout } from "./layout.ts";
import { openPruned } from "./pruned.ts";

/** The mark of a number in a batch. */
export function batchMark(layout: Pick<Layout, "run">, batch: string, number: number): string {
  return join(directoryOf(layout, batch), String(number));
}

/** The numbers of a batch, lowest first; none when there is no such batch. */
export async function numbersOfBatch(
  { fs }: System,
  layout: Pick<Layout, "run">,
  batch: string,
): Promise<readonly number[]> {
  if (!isBatchName(batch)) return [];
  const names = (await ignoring(["ENOENT"], fs.readdir(directoryOf(layout, batch)))) ?? [];
  return names
    .filter((name) => /^[1-9]\d{0,15}$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

function directoryOf({ run }: Pick<Layout, "run">, batch: string): string {
  return join(run, "batches", batch);
}

/** How far a batch has come. */
export interface BatchCounts {
  readonly batch: string;
  /** Those that have ended and those that have not; one that was removed by hand is none of them. */
  readonly total: number;
  /** Numbers of those that have not ended. */
  readonly waiting: readonly number[];
  /** Those that lie in `failed/`. */
  readonly failed: readonly number[];
  /** Those that have a receipt; a receipt may also say that a task was cancelled. */
  readonly done: number;
}

/** A task that moves while the states are read goes to a later one in this list, also when a person moves it. */
const WAITING_STATES = ["held", "tasks", "deferred", "active", "deferred", "tasks", "held"] as const;

/** Counts a batch, by names alone. */
export async function countBatch(system: System, layout: Layout, batch: string): Promise<BatchCounts> {
  const numbers = await numbersOfBatch(system, layout, batch);
  const present = new Set<number>();
  for (const state of WAITING_STATES) for (const number of await numbersIn(system, layout[state])) present.add(number);
  const failed = new Set(await numbersIn(system, layout.failed));
  const done = new Set(await numbersIn(system, layout.done));
  const pruned = await openPruned(system, layout).ranges(["done", "cancelled"]);
  const isDone = (number: number): boolean =>
    done.has(number) || (isInRanges(pruned, number) && !failed.has(number) && !present.has(number));
  const waiting = numbers.filter((number) => present.has(number) && !done.has(number));
  const dead = numbers.filter((number) => failed.has(number) && !done.has(number) && !present.has(number));
  const ended = numbers.filter(isDone).length;
  return { batch, total: waiting.length + dead.length + ended, waiting, failed: dead, done: ended };
}
