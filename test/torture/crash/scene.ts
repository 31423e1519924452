/** What is played in a lane: a process that is killed, and what must be there when another has gone on. */
import type { Aim, TracedEnd } from "../strace/traced.ts";
import type { Lane } from "./lane.ts";

/** What a scene must come to, whoever is killed. */
export interface Expected {
  /** By the summary of each task: `done`, or the code of the error for which it fails. Each ends once. */
  readonly ends: ReadonlyMap<string, string>;
  /** By name, the bytes of drops that are no tasks. */
  readonly rejected: ReadonlyMap<string, string>;
}

export interface Scene {
  readonly name: string;
  /** Whose calls are counted. */
  readonly victim: "producer" | "daemon" | "worker";
  /** Fills an empty lane. The same seed fills it in the same way. */
  prepare(lane: Lane, seed: number): Promise<Expected>;
  /** Runs the victim to its end, or to its death. */
  play(lane: Lane, seed: number, aim?: Aim): Promise<TracedEnd>;
  /** Writes down what the victim was told before it died. */
  note?(lane: Lane, end: TracedEnd): Promise<void>;
  /** Goes on where the victim was left, in processes that nobody hurts. @returns what must have come of it now */
  goOn(lane: Lane, expected: Expected, end: TracedEnd): Promise<{ expected: Expected; faults: readonly string[] }>;
}
