/** How much of some work has come to its end. */
export interface Part {
  readonly ended: number;
  readonly failed: number;
  readonly total: number;
}

const CELLS = 24;

/** A bar for a terminal: `[########----------------] 4 of 12, 1 failed`. */
export function drawBar({ ended, failed, total }: Part): string {
  const filled = total === 0 ? 0 : Math.floor((CELLS * Math.min(ended, total)) / total);
  const failures = failed === 0 ? "" : `, ${failed} failed`;
  return `[${"#".repeat(filled)}${"-".repeat(CELLS - filled)}] ${ended} of ${total}${failures}`;
}
