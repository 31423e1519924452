/**
 * Which tasks have ended and left no trace but this: their receipts or dead letters were removed to save room. It lies
 * in `run/pruned`, by ranges of numbers, so that a number is never given twice, a copy dropped by hand is not run as
 * the task that it is a copy of, and what waits for such a task knows how it ended.
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { SpooldError } from "../errors.ts";
import { ignoring, type System, syncDirectory, writeDurably } from "../system.ts";
import { isInRanges, type Range, rangesOf, unionOf } from "../task/ranges.ts";
import { parseObject } from "../task/text.ts";
import { withAddLock } from "./add-lock.ts";
import type { Layout } from "./layout.ts";

/** How a task ended whose traces are gone. */
export type PrunedEnd = (typeof ENDS)[number];

/** First what wins: a task that had failed may have been tried again. */
const ENDS = ["done", "cancelled", "failed"] as const;

type Contents = Readonly<Record<PrunedEnd, readonly Range[]>>;

const NOTHING: Contents = { done: [], cancelled: [], failed: [] };

export interface Pruned {
  /** How a task ended; undefined when its traces were never pruned. To be asked last, after its traces were looked for. */
  endOf(number: number): Promise<PrunedEnd | undefined>;
  /** All numbers that were pruned and ended so. @param ends default all there are */
  ranges(ends?: readonly PrunedEnd[]): Promise<readonly Range[]>;
}

/** What was pruned of a spool. Reads nothing before the first question, and again only what has changed. */
export function openPruned(system: System, layout: Pick<Layout, "run">): Pruned {
  let known = { stamp: "", contents: NOTHING };

  return {
    async endOf(number) {
      const contents = await current();
      return ENDS.find((end) => isInRanges(contents[end], number));
    },
    async ranges(ends = ENDS) {
      const contents = await current();
      return ends.map((end) => contents[end]).reduce(unionOf, []);
    },
  };

  async function current(): Promise<Contents> {
    const stat = await ignoring(["ENOENT"], system.fs.lstat(pathOf(layout)));
    if (stat === undefined) return NOTHING;
    const stamp = `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
    // It is replaced by a rename: what is read now is no older than what was looked at.
    if (stamp !== known.stamp) known = { stamp, contents: (await read(system, layout)) ?? NOTHING };
    return known.contents;
  }
}

/**
 * Remembers, durably, that the traces of tasks may go. To be called before the first of them is removed: a crash
 * after it leaves traces, which still count before this does.
 * @throws IO_ERROR when what was remembered before cannot be read: then nothing may be removed
 */
export async function rememberPruned(
  system: System,
  layout: Layout,
  numbers: Readonly<Record<PrunedEnd, Iterable<number>>>,
): Promise<void> {
  const remember = async (): Promise<void> => {
    const before = await read(system, layout);
    if (before === undefined) throw new SpooldError("IO_ERROR", { file: pathOf(layout), because: "it is damaged" });
    const after = Object.fromEntries(ENDS.map((end) => [end, unionOf(before[end], rangesOf(numbers[end]))]));
    const temporary = join(layout.tmp, `${randomUUID()}.json`);
    await writeDurably(system, temporary, Buffer.from(`${JSON.stringify(after)}\n`));
    await system.fs.rename(temporary, pathOf(layout));
    await syncDirectory(system, layout.run);
  };
  // Two at once would each forget what the other remembers.
  await withAddLock(system, layout, remember, true);
}

/** Whether what was remembered cannot be read any more: then nothing can be pruned. */
export async function isPrunedDamaged(system: System, layout: Pick<Layout, "run">): Promise<boolean> {
  return (await read(system, layout)) === undefined;
}

/** @returns undefined when somebody has damaged it */
async function read({ fs }: System, layout: Pick<Layout, "run">): Promise<Contents | undefined> {
  if ((await ignoring(["ENOENT"], fs.lstat(pathOf(layout)))) === undefined) return NOTHING;
  // Gone meanwhile it was not: it is only ever replaced.
  const text = await ignoring(["EISDIR", "EACCES", "ELOOP", "ENOENT"], fs.readFile(pathOf(layout), "utf8"));
  const value = parseObject(text ?? "");
  return value !== undefined && ENDS.every((end) => areRanges(value[end])) ? (value as unknown as Contents) : undefined;
}

function areRanges(value: unknown): boolean {
  const isRange = (each: unknown): boolean =>
    Array.isArray(each) && each.length === 2 && each.every((number) => Number.isSafeInteger(number));
  return Array.isArray(value) && value.every(isRange);
}

function pathOf({ run }: Pick<Layout, "run">): string {
  return join(run, "pruned");
}
