/** What producers wrote down, each line with the monotonic time, which all processes of a machine share. */
import { readFileSync } from "node:fs";

/** One call of enqueue that was accepted. */
export interface Accepted {
  readonly id: string;
  readonly number: number;
  readonly askedMs: number;
  readonly gotMs: number;
}

export interface Ledger {
  readonly accepted: readonly Accepted[];
  /** When a producer died while it held the lock. */
  readonly deathsMs: readonly number[];
  /** How many tasks appeared after one with a higher number, which was there before they came. */
  readonly late: number;
}

export function readLedger(path: string): Ledger {
  const asked = new Map<string, number>();
  const accepted: Accepted[] = [];
  const deathsMs: number[] = [];
  const linkedMs: [number, number][] = [];
  let [late, highestLinked] = [0, 0];
  const begun = new Map<string, number>();
  for (const line of readFileSync(path, "utf8").split("\n").slice(0, -1)) {
    const words = line.split(" ");
    const [verb = "", id = ""] = words;
    const ms = Number(BigInt(words.at(-1) ?? "0") / 1_000n) / 1_000;
    if (verb === "asks") asked.set(id, ms);
    if (verb === "got") accepted.push({ id, number: Number(words[2]), askedMs: asked.get(id) ?? 0, gotMs: ms });
    if (verb === "dies") deathsMs.push(ms);
    // Lines stand in the order in which they were written: what is linked already has its line.
    if (verb === "links") begun.set(id, highestLinked);
    if (verb === "linked") {
      if ((begun.get(id) ?? 0) > Number(id)) late += 1;
      highestLinked = Math.max(highestLinked, Number(id));
      linkedMs.push([Number(id), ms]);
    }
  }
  return { accepted, deathsMs, late };
}

/** How long each accepted call waited, and how many holders died in a time that could delay it. */
export function waitsIn({ accepted, deathsMs }: Ledger, staleMs: number): { ms: number; deaths: number }[] {
  return accepted.map(({ askedMs, gotMs }) => ({
    ms: gotMs - askedMs,
    deaths: deathsMs.filter((deathMs) => deathMs > askedMs - staleMs && deathMs < gotMs).length,
  }));
}

/** Sentences about calls that came after another had been answered, and got a lower number. */
export function orderFaults(accepted: readonly Accepted[]): string[] {
  const byAsked = accepted.toSorted((a, b) => a.askedMs - b.askedMs);
  const byGot = accepted.toSorted((a, b) => a.gotMs - b.gotMs);
  const faults: string[] = [];
  let [answered, highest] = [0, 0];
  for (const { askedMs, number, id } of byAsked) {
    for (; (byGot[answered]?.gotMs ?? Number.POSITIVE_INFINITY) < askedMs; answered++)
      highest = Math.max(highest, byGot[answered]?.number ?? 0);
    if (number < highest) faults.push(`${id} got ${number}, after ${highest} had been given`);
  }
  return faults;
}
