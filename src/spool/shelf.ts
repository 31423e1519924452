import type { EntryName } from "../task/name.ts";
import type { State } from "./layout.ts";
import { createNumberSet } from "./number-set.ts";

/** Where a task lies, as far as its name tells. */
export type Place =
  | { readonly state: "tasks" | "held" | "failed" | "done" }
  | { readonly state: "active"; readonly attempt: number }
  | { readonly state: "deferred"; readonly attempt: number; readonly dueAtMs: number };

/** The states in which a numbered task may lie. */
export type NumberedState = Exclude<State, "rejected">;

/** What is known to lie in the directory of one state. */
export interface Shelf {
  placeOf(number: number): Place | undefined;
  put(number: number, place: Place): void;
  remove(number: number): void;
  /** The shelf may be changed meanwhile. */
  numbers(): Iterable<number>;
}

/** `active/` and `deferred/` tell more than that a task is there; of the others, which may be huge, a bit is kept. */
export function createShelf(state: NumberedState): Shelf {
  if (state === "active" || state === "deferred") return detailedShelf();
  const numbers = createNumberSet();
  const place: Place = { state };
  return {
    placeOf: (number) => (numbers.has(number) ? place : undefined),
    put: numbers.add,
    remove: numbers.delete,
    numbers: numbers.values,
  };
}

/** The place that a name in a directory tells. */
export function placeNamed(state: NumberedState, { attempt, dueAtMs }: EntryName): Place {
  if (state === "deferred") return { state, attempt, dueAtMs };
  return state === "active" ? { state, attempt } : { state };
}

export function isSamePlace(a: Place | undefined, b: Place | undefined): boolean {
  return a?.state === b?.state && attemptOf(a) === attemptOf(b) && dueOf(a) === dueOf(b);
}

function detailedShelf(): Shelf {
  const places = new Map<number, Place>();
  return {
    placeOf: (number) => places.get(number),
    put: (number, place) => places.set(number, place),
    remove: (number) => places.delete(number),
    numbers: () => places.keys(),
  };
}

function attemptOf(place: Place | undefined): number | undefined {
  return place?.state === "active" || place?.state === "deferred" ? place.attempt : undefined;
}

function dueOf(place: Place | undefined): number | undefined {
  return place?.state === "deferred" ? place.dueAtMs : undefined;
}
