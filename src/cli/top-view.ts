/** What `top` shows, as lines. */
import type { Layout } from "../spool/layout.ts";
import { STATES } from "../spool/layout.ts";
import { type Listed, listState } from "../spool/list.ts";
import type { System } from "../system.ts";
import { describeDue, describeProgress, describeSpool } from "./describe-spool.ts";
import { duration, tableLines } from "./output.ts";
import { type Snapshot, takeSnapshot } from "./snapshot.ts";

/** What is to be shown. */
export interface TopView {
  readonly root: string;
  readonly nowMs: number;
  readonly snapshot: Snapshot;
  /** The first ones in each of these states. */
  readonly waiting: readonly Listed[];
  readonly deferred: readonly Listed[];
  readonly failed: readonly Listed[];
}

/** No more of each state are read, however high a terminal is. */
const MAX_ROWS = 100;
/** A blank line, a head, a row, and how many more there are. */
const SMALLEST_TABLE = 4;

export async function takeView(system: System, layout: Layout, rows: number): Promise<TopView> {
  const snapshot = await takeSnapshot(system, layout);
  const first = (state: "tasks" | "deferred" | "failed"): Promise<readonly Listed[]> =>
    listState(system, layout, state, Math.min(rows, MAX_ROWS));
  const [waiting, deferred, failed] = [await first("tasks"), await first("deferred"), await first("failed")];
  return { root: layout.root, nowMs: system.nowMs(), snapshot, waiting, deferred, failed };
}

/**
 * @param rows how many lines there is room for; what runs is shown first, and the other states share what is left
 * @returns lines that are safe to show, as wide as they are
 */
export function drawView(view: TopView, rows: number): readonly string[] {
  const { snapshot, root, nowMs } = view;
  const { counts } = snapshot;
  const head = describeSpool(root, snapshot, nowMs);
  const running = tableOf(["running", "attempt", "for", "progress", "summary"], runningRows(view), rows, 0);
  const table = tableLines([[...STATES], STATES.map((state) => String(counts[state]))]);
  const above = [...head, "", ...table, ...running];
  const sections = [
    { head: ["waiting", "age", "supplicant", "summary"], rows: view.waiting.map(waitingRow), count: counts.tasks },
    { head: ["deferred", "due", "attempt", "summary"], rows: view.deferred.map(dueRow), count: counts.deferred },
    { head: ["failed", "age", "supplicant", "summary"], rows: view.failed.map(waitingRow), count: counts.failed },
  ].filter((section) => section.rows.length > 0);
  let room = rows - above.length;
  // On a small terminal fewer of them are shown rather than nothing of each.
  const shown = sections.slice(0, Math.max(1, Math.floor(room / SMALLEST_TABLE)));
  const below = shown.flatMap((section, index) => {
    const lines = tableOf(section.head, section.rows, Math.floor(room / (shown.length - index)), section.count);
    room -= lines.length;
    return lines;
  });
  return [...above, ...below].slice(0, rows);

  function dueRow({ number, file, dueAt, attempt, summary }: Listed): readonly string[] {
    const due = describeDue(dueAt === null ? 0 : Date.parse(dueAt), nowMs);
    return [String(number ?? file), due, String(attempt), summary ?? ""];
  }
}

/** A blank line, the head, as many rows as fit, and how many more there are. */
function tableOf(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  room: number,
  count: number,
): readonly string[] {
  if (rows.length === 0 || room < SMALLEST_TABLE) return [];
  const total = Math.max(count, rows.length);
  const fitting = rows.slice(0, total > room - 2 ? room - 3 : room - 2);
  const more = total - fitting.length;
  return ["", ...tableLines([head, ...fitting]), ...(more > 0 ? [`and ${more} more`] : [])];
}

function runningRows({ snapshot }: TopView): readonly (readonly string[])[] {
  return (snapshot.live?.running ?? []).map((running) => [
    String(running.number),
    String(running.attempt),
    duration(running.forMs),
    describeProgress(running),
    running.summary ?? "",
  ]);
}

function waitingRow({ number, file, ageMs, supplicant, summary }: Listed): readonly string[] {
  return [String(number ?? file), duration(ageMs), supplicant ?? "", summary ?? ""];
}
