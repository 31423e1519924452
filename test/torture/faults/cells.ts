/** Where faults are put, and what is designed to come of each. */
import { DAEMON_PLACES } from "./daemon-places.ts";
import { PRODUCER_PLACES } from "./producer-places.ts";
import { WORKER_PLACES } from "./worker-places.ts";

/**
 * What is designed to come of a fault, with the code of the error:
 * - `absorbed`: nobody need hear of it; all work is done
 * - `paused CODE`: the daemon pauses, uses up no attempt, and goes on by itself
 * - `retried CODE`: an attempt has failed, and another one follows
 * - `failed CODE`: the task fails for good, and says why
 * - `ended CODE`: the daemon ends with a clear line; the next start goes on
 * - `rejected CODE`: the promise of a producer rejects, and nothing is queued
 * Where it depends on how long the trouble lasts, `|` stands between.
 */
export type Reaction = string;

export type Who = "producer" | "daemon" | "worker";

/** Calls with one purpose. */
export interface Place {
  /** The purpose, for people. */
  readonly name: string;
  /** What the calls are called in a run that nobody hurts, see `roles.ts`. */
  readonly role: string;
  /** By errno, what is designed: when one call fails; and when all do from then on, if that is something else. */
  readonly faults: Readonly<Record<string, Reaction | readonly [once: Reaction, forGood: Reaction]>>;
}

export interface Cell {
  readonly who: Who;
  readonly place: Place;
  readonly errno: string;
  readonly forGood: boolean;
  readonly expected: Reaction;
}

const PLACES: Readonly<Record<Who, readonly Place[]>> = {
  producer: PRODUCER_PLACES,
  daemon: DAEMON_PLACES,
  worker: WORKER_PLACES,
};

/** All cells, in the order of the places. */
export function allCells(): readonly Cell[] {
  return (Object.entries(PLACES) as [Who, readonly Place[]][]).flatMap(([who, places]) =>
    places.flatMap((place) =>
      Object.entries(place.faults).flatMap(([errno, expected]) =>
        [false, true].map((forGood) => {
          const [once, good] = typeof expected === "string" ? [expected, expected] : expected;
          return { who, place, errno, forGood, expected: forGood ? good : once };
        }),
      ),
    ),
  );
}

export function nameOf({ who, place, errno, forGood }: Cell): string {
  return `${who}: ${place.name}: ${errno} ${forGood ? "for good" : "once"}`;
}
