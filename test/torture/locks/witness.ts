/**
 * What holders of a lock believe, written down by each of them, apart from any lock: one line for each belief, by the
 * monotonic clock, which all processes of a machine share.
 *
 * To hold is to believe that one may act, at the moment of acting. A holder is told `took` when it has got the lock, asks
 * whether it may act before each act, and writes down when it began to ask. Two hold at once when an older holder, which
 * has not let go, began to ask after a newer one had been told that the lock is its own, and was told yes. An act that was
 * under way while a process was stopped is none of these: no check before it could know.
 */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

/** `sure`, `unsure`: what it was told when it asked. `lettingGo`: it is about to release the lock. */
export type Belief = "took" | "sure" | "unsure" | "lettingGo" | "killed";

interface Line {
  /** When it was told, and for answers when it began to ask; ns. */
  readonly at: bigint;
  readonly asked: bigint;
  readonly hold: string;
  readonly belief: Belief;
}

export interface Witness {
  /** @param hold names one holding of one process */
  note(hold: string, belief: Belief, asked?: bigint): void;
  close(): void;
}

export function now(): bigint {
  return process.hrtime.bigint();
}

export function openWitness(path: string): Witness {
  const file = openSync(path, "a");
  return {
    note: (hold, belief, asked = now()) => void writeSync(file, `${now()} ${asked} ${hold} ${belief}\n`),
    close: () => closeSync(file),
  };
}

/** What a witness has seen. */
export interface Testimony {
  /** How often the lock was taken. */
  readonly takings: number;
  /** How often a holder asked whether it may act. */
  readonly asked: number;
  /** Sentences, one for each pair of holdings that overlap. */
  readonly doubles: readonly string[];
  /** Holdings that found out that they are none. */
  readonly lost: readonly string[];
}

/** Reads what holders of one lock have written down. @param counts which lines are read; all unless told */
export function testimonyIn(path: string, counts: (line: Pick<Line, "hold">) => boolean = () => true): Testimony {
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1).map(lineOf).filter(counts);
  const holds = new Map<string, Line[]>();
  for (const line of lines) holds.set(line.hold, [...(holds.get(line.hold) ?? []), line]);
  const spans = [...holds].flatMap(([hold, told]) => spanOf(hold, told));
  spans.sort((a, b) => Number(a.from - b.from));
  const doubles: string[] = [];
  for (const [index, older] of spans.entries()) {
    for (const newer of spans.slice(index + 1, index + 1 + NEIGHBOURS)) {
      if (older.to < newer.from) continue;
      const act = older.asked.find((asked) => asked > newer.from && asked < newer.to);
      if (act !== undefined)
        doubles.push(`${older.hold} was sure ${ms(act - newer.from)} ms after ${newer.hold} took it`);
    }
  }
  const asked = lines.filter(({ belief }) => belief === "sure" || belief === "unsure").length;
  const lost = spans.filter(({ isLost }) => isLost).map(({ hold }) => hold);
  return { takings: spans.length, asked, doubles, lost };
}

/** No holding overlaps with more than this many that begin later. */
const NEIGHBOURS = 64;

interface Span {
  readonly hold: string;
  readonly from: bigint;
  /** Until it let go, died or knew that it had lost the lock. */
  readonly to: bigint;
  /** When it began to ask and was told that it may act. */
  readonly asked: readonly bigint[];
  readonly isLost: boolean;
}

function spanOf(hold: string, told: readonly Line[]): Span[] {
  const took = told.find(({ belief }) => belief === "took");
  if (took === undefined) return [];
  const end = told.find(({ belief }) => belief === "lettingGo" || belief === "killed" || belief === "unsure");
  const to = end?.at ?? took.at + 2n ** 60n;
  const asked = told.filter(({ belief }) => belief === "sure").map((line) => line.asked);
  return [{ hold, from: took.at, to, asked, isLost: end?.belief === "unsure" }];
}

function lineOf(text: string): Line {
  const [at = "0", asked = "0", hold = "", belief = ""] = text.split(" ");
  return { at: BigInt(at), asked: BigInt(asked), hold, belief: belief as Belief };
}

function ms(ns: bigint): number {
  return Math.round(Number(ns) / 10_000) / 100;
}
