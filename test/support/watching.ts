import { onTestFinished } from "vitest";
import type { SpoolEvent, SpoolEvents } from "../../src/index.ts";
import { realSystem, type System } from "../../src/system.ts";

/** A System that counts the directory watches that are open; `deaf` ones never tell anything. */
export function watchCounting(deaf = false): { system: System; open: () => number } {
  const real = realSystem();
  let open = 0;
  const system: System = {
    ...real,
    watchDirectory(directory, changed) {
      open += 1;
      const stop = deaf ? () => undefined : real.watchDirectory(directory, changed);
      return () => {
        open -= 1;
        stop();
      };
    },
  };
  return { system, open: () => open };
}

/** Takes events one after the other until one satisfies a condition. @returns all of them */
export async function eventsUntil(
  events: SpoolEvents,
  condition: (event: SpoolEvent, all: readonly SpoolEvent[]) => boolean,
): Promise<SpoolEvent[]> {
  const all: SpoolEvent[] = [];
  for (;;) {
    const { value, done } = await events.next();
    if (done) throw new Error(`the watch has ended after ${JSON.stringify(all)}`);
    all.push(value);
    if (condition(value, all)) return all;
  }
}

/** The watch is ended with the test. */
export function ending(events: SpoolEvents): SpoolEvents {
  onTestFinished(async () => {
    await events.return();
  });
  return events;
}

/** Events as words: `42 done`. */
export function wordsOf(events: readonly SpoolEvent[]): string[] {
  return events.map(({ number, kind }) => `${number} ${kind}`);
}

/** The kinds by which a watch tells that a task has ended. */
export const ENDS: readonly SpoolEvent["kind"][] = ["done", "fresh", "cancelled", "failed", "rejected", "gone"];
