/**
 * Which tasks belong to a batch: one empty file for each, `run/batches/NAME/42`, made when the task is committed. It
 * stays when the task has ended, so that a batch can be counted; pruning takes it with the receipt.
 */
import { join } from "node:path";
import { ignoring, type System, syncDirectory } from "../system.ts";
import { readName } from "../task/name.ts";
import { isBatchName } from "../task/task.ts";
import type { Layout } from "./layout.ts";
import { prunedUpTo } from "./pruned.ts";

/** Marks a number as one of a batch, durably. To be called before the task appears in `tasks/`. */
export async function joinBatch(system: System, layout: Layout, batch: string, number: number): Promise<void> {
  const directory = directoryOf(layout, batch);
  const made = await system.fs.mkdir(directory, { recursive: true, mode: 0o700 });
  const handle = await system.fs.open(join(directory, String(number)), "a", 0o600);
  await handle.close();
  await syncDirectory(system, directory);
  if (made !== undefined) {
    await syncDirectory(system, join(layout.run, "batches"));
    await syncDirectory(system, layout.run);
  }
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

/** Counts a batch, by names alone. One that no state holds any more counts in none but the total. */
export async function countBatch(system: System, layout: Layout, batch: string): Promise<BatchCounts> {
  const numbers = await numbersOfBatch(system, layout, batch);
  const present = new Set<number>();
  for (const state of WAITING_STATES) for (const number of await numbersIn(system, layout[state])) present.add(number);
  const failed = new Set(await numbersIn(system, layout.failed));
  const done = new Set(await numbersIn(system, layout.done));
  const pruned = await prunedUpTo(system, layout);
  const isDone = (number: number): boolean =>
    done.has(number) || (number <= pruned && !failed.has(number) && !present.has(number));
  return {
    batch,
    total: numbers.length,
    waiting: numbers.filter((number) => present.has(number) && !done.has(number)),
    failed: numbers.filter((number) => failed.has(number) && !done.has(number)),
    done: numbers.filter(isDone).length,
  };
}

async function numbersIn({ fs }: System, directory: string): Promise<readonly number[]> {
  return (await fs.readdir(directory)).flatMap((name) => {
    const kind = readName(name);
    return kind.kind === "task" ? [kind.entry.number] : [];
  });
}
