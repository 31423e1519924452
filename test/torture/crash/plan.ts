/** Which calls of a run are met, and how they are told apart. */
import type { Address } from "../strace/calls.ts";

/** A call of a scene's victim. */
export interface Target extends Address {
  /** As `rename spool/tasks/N.json`: what calls have in common that do the same to another file. */
  readonly kind: string;
}

/** At which call the victim dies, and when. */
export interface Strike {
  readonly address: Target;
  readonly when: "before" | "after";
}

/** @param path seen from the lane */
export function kindOf(call: string, path: string): string {
  return `${call} ${path
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/, "*")
    .replace(/[0-9a-f]{64}/, "KEY")
    .replace(/\.spoold-[^/]*?(\.tmp[.\w]*)/, ".*$1")
    .replace(/(?<=^out\/)[^./][^/]*/, "FILE")
    .replace(/\d+/g, "N")}`;
}

export function textOf({ call, path, nth }: Address): string {
  return `${call} ${path} ${nth}`;
}

/**
 * Which of the calls are met. In full: each before it is made, and of each kind one when it is done. Else a spread: of each
 * kind one, and others by chance, before or after.
 */
export function strikesAt(
  addresses: readonly Target[],
  { isFull, most, random }: { readonly isFull: boolean; readonly most: number; readonly random: () => number },
): readonly Strike[] {
  const mixed = shuffled(addresses, random);
  const kinds = new Map<string, Target>();
  for (const address of mixed) if (!kinds.has(address.kind)) kinds.set(address.kind, address);
  const firsts = [...kinds.values()];
  if (isFull) {
    const before = addresses.map((address) => ({ address, when: "before" as const }));
    return [...before, ...firsts.map((address) => ({ address, when: "after" as const }))];
  }
  const others = mixed.filter((address) => !firsts.includes(address));
  return [...firsts, ...others]
    .slice(0, most)
    .map((address) => ({ address, when: random() < 0.4 ? "after" : "before" }));
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
