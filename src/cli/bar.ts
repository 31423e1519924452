import { duration } from "./output.ts";

/** How much of some work has come to its end. */
export interface Part {
  readonly ended: number;
  readonly failed: number;
  readonly total: number;
}

const CELLS = 24;

/**
 * A bar for a terminal: `[########----------------] 4 of 12, 1 failed, about 8.0 s left`.
 * @param elapsedMs since the work began: what is left takes as long as what has ended
 */
export function drawBar({ ended, failed, total }: Part, elapsedMs: number): string {
  const filled = total === 0 ? 0 : Math.floor((CELLS * Math.min(ended, total)) / total);
  const left = Math.max(0, total - ended);
  const words = [
    `${ended} of ${total}`,
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(ended === 0 || left === 0 ? [] : [`about ${duration((elapsedMs / ended) * left)} left`]),
  ];
  return `[${"#".repeat(filled)}${"-".repeat(CELLS - filled)}] ${words.join(", ")}`;
}
