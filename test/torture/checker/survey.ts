/**
 * Where the numbers of a spool lie. A task is a file, its state is the directory it lies in, and its name begins with
 * its number, but for `deferred/`, where the time stands before it at which it is due:
 *
 *     42.json   42.p5.json   42.p5.a1.json   1795251600000.42.p5.a2.json   and, of people, 42   042.json
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { bytesOf, isMembers, membersOf } from "./json.ts";

/** In which of these a number lies that has been accepted; in the order in which most tasks go. */
const DIRECTORIES = ["held", "tasks", "deferred", "active", "failed", "done"] as const;
export type Directory = (typeof DIRECTORIES)[number];

export interface Place {
  readonly state: Directory;
  readonly path: string;
  readonly number: number;
  /** Which attempt the name says; 1 where it says none. */
  readonly attempt: number;
}

export interface Survey {
  readonly places: ReadonlyMap<number, readonly Place[]>;
  /** Numbers that have a reason in `failed/`. */
  readonly reasons: ReadonlySet<number>;
  /** Names in the directories of states that are nobody's task, as `tasks/x`. */
  readonly others: readonly string[];
  readonly rejected: number;
  /** Whether a number has ended and its traces were removed to save room. */
  readonly isPruned: (number: number) => boolean;
  /** The number that each `run/sequence.N` tells. */
  readonly sequences: readonly number[];
}

const PLAIN = /^0*([1-9]\d{0,15})(?:\.p\d{1,3})?(?:\.a(\d{1,6}))?\.json$/;
const DUE = /^\d{1,16}\.0*([1-9]\d{0,15})(?:\.p\d{1,3})?\.a(\d{1,6})\.json$/;
const BARE = /^0*([1-9]\d{0,15})$/;
const REASON = /^(\d+)\.reason\.json$/;
const SEQUENCE = /^sequence\.(\d+)$/;

/**
 * Receipts that somebody has saved before they were pruned stand for the numbers of which nothing else is left.
 * @param archives directories to which receipts were copied
 */
export async function withArchives(seen: Survey, archives: readonly string[]): Promise<Survey> {
  const places = new Map(seen.places);
  for (const archive of archives) {
    for (const name of await readdir(archive)) {
      const number = Number(PLAIN.exec(name)?.[1]);
      if (!places.has(number) && seen.isPruned(number))
        places.set(number, [{ state: "done", path: join(archive, name), number, attempt: 1 }]);
    }
  }
  return { ...seen, places };
}

/** Looks at all of a spool in which nothing moves but what producers add. */
export async function survey(spool: string): Promise<Survey> {
  const places = new Map<number, Place[]>();
  const reasons = new Set<number>();
  const others: string[] = [];
  for (const state of DIRECTORIES) {
    for (const name of await readdir(join(spool, state))) {
      const place = placeOf(spool, state, name);
      const reason = state === "failed" ? REASON.exec(name)?.[1] : undefined;
      if (reason !== undefined) reasons.add(Number(reason));
      else if (place === undefined) others.push(`${state}/${name}`);
      else places.set(place.number, [...(places.get(place.number) ?? []), place]);
    }
  }
  const rejected = (await readdir(join(spool, "rejected"))).filter((name) => !name.endsWith(".reason.json")).length;
  const sequences = (await readdir(join(spool, "run"))).flatMap((name) => SEQUENCE.exec(name)?.[1] ?? []).map(Number);
  return { places, reasons, others, rejected, isPruned: await prunedIn(spool), sequences };
}

function placeOf(spool: string, state: Directory, name: string): Place | undefined {
  const [, number, attempt] = BARE.exec(name) ?? PLAIN.exec(name) ?? DUE.exec(name) ?? [];
  if (number === undefined) return undefined;
  return { state, path: join(spool, state, name), number: Number(number), attempt: Number(attempt ?? 1) };
}

/** `run/pruned`: for each way to end a list of ranges of numbers, first and last. */
async function prunedIn(spool: string): Promise<(number: number) => boolean> {
  const text = (await bytesOf(join(spool, "run", "pruned")))?.toString();
  const ways = membersOf(text ?? "{}");
  if (ways === undefined) throw new SyntaxError(`${spool}/run/pruned is no JSON`);
  const ranges = Object.values(ways).flatMap((way) => (Array.isArray(way) ? (way as unknown[]) : []));
  const bounds = ranges.map((range) => (Array.isArray(range) && !isMembers(range) ? range.map(Number) : []));
  return (number) => bounds.some(([first = 1, last = 0]) => first <= number && number <= last);
}
