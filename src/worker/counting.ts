import type { System } from "../system.ts";
import type { Teller } from "./protocol.ts";

/** Between two tellings. Most tasks are done before the first: they cost nothing, and nobody could look at them. */
const TELL_MS = 250;

/**
 * Tells how many outputs of a task are made.
 * @returns to be called when one more is
 */
export function countOutputs(
  { monotonicMs }: Pick<System, "monotonicMs">,
  total: number,
  progress: Teller["progress"],
): () => void {
  let made = 0;
  let toldAtMs = monotonicMs();
  return () => {
    made += 1;
    if (monotonicMs() - toldAtMs < TELL_MS) return;
    toldAtMs = monotonicMs();
    progress({ part: made / total, text: `${made} of ${total} outputs` });
  };
}
