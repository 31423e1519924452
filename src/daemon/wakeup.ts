/** Something to wait for that others may ring: rings while nobody waits are kept. */
export interface Wakeup {
  ring(): void;
  /** Resolves at the next ring, or after `ms`; at once when it has rung since the last wait. */
  wait(ms: number): Promise<void>;
}

/** The longest delay that setTimeout takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function createWakeup(): Wakeup {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      rung = true;
      wake?.();
    },
    async wait(ms) {
      if (!rung && ms > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.min(Math.ceil(ms), MAX_TIMER_MS));
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      wake = undefined;
      rung = false;
    },
  };
}
