/** Who is killed when, as it follows from the seed. */
import { chance } from "../../support/scenery/chance.ts";

/** `group`: the daemon, its workers and all producers at once, as when a machine is switched off. */
export type Victims = "daemon" | "worker" | "producer" | "group";

export interface Kill {
  readonly victims: Victims;
  /** Whether it is to come while the daemon is being started, which the one before has ended. */
  readonly isEarly: boolean;
  /** When, from 0 to 1: of the time that a start takes, or of the longest wait after it. */
  readonly moment: number;
  /** Which one of several, from 0 to below 1. */
  readonly choice: number;
}

/** Half as many kills of each other kind as of the daemon, in no order. */
export function planKills(seed: number, rounds: number): readonly Kill[] {
  const random = chance(seed);
  const half = Math.ceil(rounds / 2);
  const times: Readonly<Record<Victims, number>> = { daemon: rounds, worker: half, producer: half, group: half };
  const kinds = Object.entries(times).flatMap(([victims, count]) => Array<Victims>(count).fill(victims as Victims));
  return kinds
    .map((victims) => ({ victims, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ victims }) => ({ victims, isEarly: random() < 0.5, moment: random(), choice: random() }));
}
