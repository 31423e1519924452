import type { System } from "../system.ts";
import { type Layout, STATES, type State } from "./layout.ts";

/** Names in one directory that may have come or gone; "all" when nobody knows which, or when they are too many. */
export type Hint = ReadonlySet<string> | "all";

/** What the system tells of changes in the directories of the states. It may tell nothing at all. */
export interface Hints {
  /** What was told since the last call. */
  take(): ReadonlyMap<State, Hint>;
  /** Resolves when something is told, when it was told already, or after `ms`; at once after `close`. */
  wait(ms: number): Promise<void>;
  /** Stops listening and ends a wait. */
  close(): void;
}

/** Of one directory no more names than this are kept: its listing tells them all. */
const MAX_NAMES = 1_000;

/** Listens from now on. */
export function openHints(system: System, layout: Layout): Hints {
  let told = new Map<State, Set<string> | "all">();
  let isClosed = false;
  let wake = (): void => undefined;
  const stops = STATES.map((state) => system.watchDirectory(layout[state], (name) => note(state, name)));

  return {
    take() {
      const taken = told;
      told = new Map();
      return taken;
    },
    async wait(ms) {
      if (isClosed || told.size > 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(0, ms));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      for (const stop of stops) stop();
      wake();
    },
  };

  function note(state: State, name: string | null): void {
    const names = told.get(state) ?? new Set<string>();
    if (names === "all") return;
    if (name !== null) names.add(name);
    told.set(state, name === null || names.size > MAX_NAMES ? "all" : names);
    wake();
  }
}
