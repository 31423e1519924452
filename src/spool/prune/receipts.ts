import type { Settings } from "../../config.ts";
import type { Limits } from "./limits.ts";

/** No receipt is removed so soon after the end of its task: somebody may be waiting for it. */
const LEAST_AGE_MS = 60_000;

/** How many receipts the settings want to be kept. */
export function receiptLimits(settings: Pick<Settings, "keepDoneMs" | "keepDoneCount" | "keepDoneBytes">): Limits {
  const limit = (value: number): number | null => (value === 0 ? null : value);
  return {
    ageMs: limit(settings.keepDoneMs),
    count: limit(settings.keepDoneCount),
    bytes: limit(settings.keepDoneBytes),
    leastAgeMs: LEAST_AGE_MS,
  };
}
