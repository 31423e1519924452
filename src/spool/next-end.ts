import type { System } from "../system.ts";
import type { Layout } from "./layout.ts";

/** How often a wait looks without having been told to: events may be lost, or not to be had at all. */
const LOOK_EVERY_MS = 2_000;

/** Something to wait for between two looks at the spool. */
export interface NextEnd {
  /** Resolves when another look is worth while. */
  readonly happened: Promise<void>;
  readonly stop: () => void;
}

/**
 * Waits until a task may have ended. To be armed before the look: an end that comes in between rings.
 * @param concerns whether a file of this name in `done/` or `failed/` matters
 */
export function nextEnd(
  system: System,
  layout: Pick<Layout, "done" | "failed">,
  concerns: (name: string) => boolean,
  signal: AbortSignal | undefined,
): NextEnd {
  let resolve = (): void => undefined;
  const happened = new Promise<void>((done) => {
    resolve = done;
  });
  const ring = (name: string | null): void => {
    if (name === null || concerns(name)) resolve();
  };
  const stops = [layout.done, layout.failed].map((directory) => system.watchDirectory(directory, ring));
  const timer = setTimeout(resolve, LOOK_EVERY_MS);
  const abort = (): void => resolve();
  signal?.addEventListener("abort", abort, { once: true });
  return {
    happened,
    stop: () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      for (const stop of stops) stop();
    },
  };
}
