/** How old tasks are, in the manner of Postfix's qshape: a queue that is stuck shows by whom, and since when. */
import { join } from "node:path";
import { ignoring, type System } from "../system.ts";
import { parseObject } from "../task/text.ts";
import { isCounted } from "./counts.ts";
import type { Layout, State } from "./layout.ts";

/** What may have a row of its own. */
export const AGE_GROUPS = ["supplicant", "state", "batch"] as const;
export type AgeGroup = (typeof AGE_GROUPS)[number];

/** Ages are counted up to so many minutes, each from where the one before ends; a last column has all older ones. */
export const AGE_LIMITS_MIN = [5, 10, 20, 40, 80, 160, 320, 640, 1280] as const;

export interface AgeRow {
  /** Null for tasks that name no supplicant, or no batch. */
  readonly name: string | null;
  readonly total: number;
  /** One for each limit, and one for all that is older. */
  readonly counts: readonly number[];
}

export interface Ages {
  readonly total: AgeRow;
  /** Most tasks first. */
  readonly rows: readonly AgeRow[];
}

/** With more names than this, later ones share a row: memory stays small whatever names people make up. */
const MAX_ROWS = 10_000;
const OTHERS = "(others)";

/** What is larger is not opened for its supplicant. */
const MAX_READ_BYTES = 1_048_576;
/** Files that are looked at together. */
const SLICE = 64;

/** Counts tasks by age, which is the time since the file was written. Contents are read only for names. */
export async function countAges(
  system: System,
  layout: Layout,
  { states, by }: { readonly states: readonly State[]; readonly by: AgeGroup },
): Promise<Ages> {
  const total = newCounts();
  const rows = new Map<string | null, number[]>();
  for (const state of states) {
    let slice: Promise<void>[] = [];
    for await (const found of await system.fs.opendir(layout[state], { bufferSize: 1_024 })) {
      if (!found.isFile() || !isCounted(state, found.name)) continue;
      slice.push(count(state, join(layout[state], found.name)));
      if (slice.length < SLICE) continue;
      await Promise.all(slice);
      slice = [];
    }
    await Promise.all(slice);
  }
  const sorted = [...rows].map(([name, counts]) => rowOf(name, counts)).sort(mostFirst);
  return { total: rowOf(null, total), rows: sorted };

  async function count(state: State, path: string): Promise<void> {
    const stat = await ignoring(["ENOENT"], system.fs.lstat(path));
    // It has moved on meanwhile.
    if (stat === undefined) return;
    const minutes = (system.nowMs() - stat.mtimeMs) / 60_000;
    const limit = AGE_LIMITS_MIN.findIndex((each) => minutes < each);
    const column = limit === -1 ? AGE_LIMITS_MIN.length : limit;
    const name = by === "state" ? state : stat.size > MAX_READ_BYTES ? null : await nameIn(system, path, by);
    const key = rows.has(name) || rows.size < MAX_ROWS ? name : OTHERS;
    const counts = rows.get(key) ?? newCounts();
    rows.set(key, counts);
    for (const each of [total, counts]) each[column] = (each[column] ?? 0) + 1;
  }
}

/** Tasks and receipts tell it under the same name. */
async function nameIn({ fs }: System, path: string, member: "supplicant" | "batch"): Promise<string | null> {
  const text = await ignoring(["ENOENT", "EACCES"], fs.readFile(path, "utf8"));
  const value = text === undefined ? undefined : parseObject(text)?.[member];
  return typeof value === "string" ? value : null;
}

function newCounts(): number[] {
  return [...AGE_LIMITS_MIN, null].map(() => 0);
}

function rowOf(name: string | null, counts: readonly number[]): AgeRow {
  return { name, total: counts.reduce((sum, count) => sum + count, 0), counts };
}

function mostFirst(a: AgeRow, b: AgeRow): number {
  return b.total - a.total || ((a.name ?? "") < (b.name ?? "") ? -1 : 1);
}
