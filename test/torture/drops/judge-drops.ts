/** What became of each drop, and whether that is what is promised. */
import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Layout } from "../../../src/spool/layout.ts";
import { ignoring } from "../../../src/system.ts";
import { MAX_TASK_BYTES, parseObject } from "../../../src/task/text.ts";
import { dataOf, digestOf, type PlannedDrop } from "./drop-plan.ts";
import type { Dropped } from "./hands.ts";

/** What the daemon has told, and what lies in `done/`. */
export interface Ends {
  /** By the name of a drop, each time that it was accepted or rejected. */
  readonly told: ReadonlyMap<string, readonly Told[]>;
  /** By the index of a drop, the digests of what handlers were given. */
  readonly given: ReadonlyMap<number, readonly string[]>;
}

interface Told {
  readonly kind: "accepted" | "rejected";
  readonly atMs: number;
  /** Its name in `rejected/`. */
  readonly as?: string;
}

interface Line {
  readonly msg: string;
  readonly time: string;
  readonly name?: string;
  readonly as?: string;
}

/** Reads the log and all receipts. */
export async function readEnds(directory: string, layout: Layout): Promise<Ends> {
  const told = new Map<string, Told[]>();
  const log = await readFile(join(directory, "log.txt"), "utf8");
  for (const text of log.split("\n").filter((line) => line.includes('"drop '))) {
    const { msg, time, name = "", as } = JSON.parse(text) as Line;
    const kind = msg === "drop accepted" ? "accepted" : "rejected";
    const known = told.get(name) ?? [];
    told.set(name, [...known, { kind, atMs: Date.parse(time), ...(as !== undefined && { as }) }]);
  }
  const given = new Map<number, string[]>();
  for (const file of await readdir(layout.done)) {
    const { result } = JSON.parse(await readFile(join(layout.done, file), "utf8")) as {
      result: { drop: number; digest: string };
    };
    given.set(result.drop, [...(given.get(result.drop) ?? []), result.digest]);
  }
  return { told, given };
}

export interface Times {
  readonly settleMs: number;
  readonly rejectAfterMs: number;
}

/** Times in the log are whole milliseconds. */
const ROUNDING_MS = 2;

/** Judges all drops. @returns sentences, and how often what was delivered */
export async function faultsOfDrops(
  layout: Layout,
  ends: Ends,
  drops: ReadonlyMap<PlannedDrop, Dropped>,
  times: Times,
): Promise<{ faults: string[]; counts: Record<string, Record<string, number>> }> {
  const faults: string[] = [];
  const counts = { hands: {}, contents: {}, ends: {}, delivered: {} } satisfies Record<string, Record<string, number>>;
  for (const [drop, dropped] of drops) {
    const verdict = await judge(layout, ends, drop, dropped, times);
    const broken = [...verdict.faults, ...(await faultsOfLeft(layout, dropped))];
    faults.push(...broken.map((fault) => `drop ${drop.index} (${drop.hand}, ${drop.content}): ${fault}`));
    count(counts.hands, drop.hand);
    count(counts.contents, drop.content);
    count(counts.ends, verdict.end);
    for (const what of deliveredBy(drop, dropped, times)) count(counts.delivered, what);
  }
  return { faults, counts };
}

async function judge(
  layout: Layout,
  { told, given }: Ends,
  drop: PlannedDrop,
  dropped: Dropped,
  times: Times,
): Promise<{ end: string; faults: string[] }> {
  const { settleMs, rejectAfterMs } = times;
  const all = told.get(drop.name) ?? [];
  const digests = given.get(drop.index) ?? [];
  const wasSlow = (dropped.beforeLayMs ?? 0) >= settleMs || dropped.longestRestMs >= rejectAfterMs;
  // A machine that stood still made of one drop two: that nothing is lost of the last is all that can be said.
  if (wasSlow) return { end: "too slow", faults: all.length > 0 ? [] : ["neither accepted nor rejected"] };
  const [first, ...more] = all;
  if (first === undefined) return { end: "lost", faults: ["neither accepted nor rejected"] };
  const faults = more.length > 0 ? [`seen to ${all.length} times: ${all.map(({ kind }) => kind).join(", ")}`] : [];
  const isWhole = drop.bytes.length <= MAX_TASK_BYTES && parseObject(drop.bytes.toString()) !== undefined;
  const quietMs = first.atMs - dropped.lastChangeAtMs;
  const leastMs = isWhole ? settleMs : rejectAfterMs;
  if (quietMs < leastMs - ROUNDING_MS) faults.push(`${first.kind} early: ${quietMs} ms after its last change`);
  const expected = drop.content === "task" ? "accepted" : "rejected";
  if (first.kind !== expected) faults.push(`${first.kind}, not ${expected}`);
  if (first.kind === "accepted") {
    if (digests.length !== 1) faults.push(`run ${digests.length} times`);
    if (digests.includes(digestOf(dataOf(drop, "before")))) faults.push("run as it was before its hand was done");
    else if (digests[0] !== digestOf(dataOf(drop))) faults.push("run as something that it never was");
  } else faults.push(...(await faultsOfRejected(layout, drop, first.as ?? "")));
  return { end: first.kind, faults };
}

async function faultsOfRejected(layout: Layout, { bytes }: PlannedDrop, as: string): Promise<string[]> {
  const kept = await ignoring(["ENOENT"], readFile(join(layout.rejected, as)));
  const reason = await ignoring(["ENOENT"], lstat(join(layout.rejected, `${as}.reason.json`)));
  if (kept === undefined || reason === undefined) return [`rejected/${as} or its reason is not there`];
  return kept.equals(bytes) ? [] : [`rejected/${as} is not what was dropped, byte for byte`];
}

async function faultsOfLeft(layout: Layout, { left, beforeLayMs }: Dropped): Promise<string[]> {
  const faults: string[] = [];
  for (const [name, bytes] of Object.entries(left)) {
    const path = join(layout.tasks, name);
    const stat = await ignoring(["ENOENT"], lstat(path));
    const isSame = stat?.isFile() ? bytes?.equals(await readFile(path)) : stat?.isSymbolicLink() && bytes === null;
    // A version that was taken before it was renamed left no backup.
    if (!isSame && (stat !== undefined || beforeLayMs === null)) faults.push(`${name} was touched`);
  }
  return faults;
}

function deliveredBy({ cuts, pausesMs }: PlannedDrop, { beforeLayMs }: Dropped, { settleMs }: Times): string[] {
  return [
    ...(cuts.length > 0 ? ["inPieces"] : []),
    ...(cuts.length >= 20 ? ["in20PiecesOrMore"] : []),
    ...(pausesMs.some((ms) => ms > settleMs) ? ["restedLongerThanSettle"] : []),
    ...(beforeLayMs === null ? [] : [beforeLayMs < settleMs ? "replacedInTime" : "replacedTooLate"]),
  ];
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
