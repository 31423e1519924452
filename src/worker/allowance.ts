/** How often something may be done: a number at once, and then so many a second. */
export interface Allowance {
  /** Whether it may be done once more now. */
  take(): boolean;
}

/** @param monotonicMs the clock */
export function createAllowance(
  monotonicMs: () => number,
  { burst, perSecond }: { readonly burst: number; readonly perSecond: number },
): Allowance {
  let left = burst;
  let atMs = monotonicMs();
  return {
    take() {
      const nowMs = monotonicMs();
      left = Math.min(burst, left + ((nowMs - atMs) / 1_000) * perSecond);
      atMs = nowMs;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}
