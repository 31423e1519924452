/** What lies in a spool, by names alone: each directory is read once. */
import type { Dirent } from "node:fs";
import { join } from "node:path";
import type { System } from "../../system.ts";
import { type EntryName, readName, receiptName } from "../../task/name.ts";
import { type Layout, STATES, type State } from "../layout.ts";

/** A file whose name says that it is a task. */
export interface Listed {
  readonly state: Exclude<State, "rejected" | "done">;
  readonly path: string;
  readonly entry: EntryName;
}

/** Why something failed or was rejected. */
interface ListedReason {
  readonly path: string;
  /** The number of a failed task, or the name of a rejected drop. */
  readonly subject: number | string;
}

export interface Survey {
  /** Tasks that have no receipt, by number. */
  readonly tasks: ReadonlyMap<number, readonly Listed[]>;
  readonly receipts: ReadonlySet<number>;
  readonly rejected: ReadonlySet<string>;
  readonly reasons: readonly ListedReason[];
  /** What nobody knows there; absolute paths. */
  readonly foreign: readonly string[];
}

/** Reads all states. A task that moves meanwhile may be seen twice, or not at all. */
export async function surveySpool({ fs }: System, layout: Layout): Promise<Survey> {
  const tasks = new Map<number, Listed[]>();
  const receipts = new Set<number>();
  const rejected = new Set<string>();
  const reasons: ListedReason[] = [];
  const foreign: string[] = [];
  for (const state of STATES) {
    for await (const found of await fs.opendir(layout[state], { bufferSize: 1_024 })) sort(state, found);
  }
  return { tasks, receipts, rejected, reasons, foreign };

  function sort(state: State, found: Dirent): void {
    const { name } = found;
    const path = join(layout[state], name);
    const kind = readName(name);
    if (kind.kind === "temporary" && state !== "rejected") return;
    if (!found.isFile()) foreign.push(path);
    else if (state === "rejected") sortRejected(name, path);
    else if (state === "done") {
      if (kind.kind === "task" && name === receiptName(kind.entry.number)) receipts.add(kind.entry.number);
      else foreign.push(path);
    } else if (kind.kind === "task") {
      tasks.set(kind.entry.number, [...(tasks.get(kind.entry.number) ?? []), { state, path, entry: kind.entry }]);
    } else if (state === "failed" && kind.kind === "reason" && kind.number !== null) {
      reasons.push({ path, subject: kind.number });
      // In tasks/ a drop and a reason that came along are the daemon's to see to.
    } else if (state !== "tasks" || kind.kind === "foreign") foreign.push(path);
  }

  function sortRejected(name: string, path: string): void {
    if (name.endsWith(REASON)) reasons.push({ path, subject: name.slice(0, -REASON.length) });
    else rejected.add(name);
  }
}

const REASON = ".reason.json";

/** Whether a number lies where its task is still to come to an end. */
export function isUnderWay({ tasks }: Survey, number: number): boolean {
  return tasks.get(number)?.some(({ state }) => state !== "failed") ?? false;
}

/** Whether any state holds a number. */
export function isSomewhere({ tasks, receipts }: Survey, number: number): boolean {
  return receipts.has(number) || tasks.has(number);
}
