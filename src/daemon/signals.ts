/** What the signals of a daemon mean. */
export interface SignalHandlers {
  /** SIGTERM or SIGINT, the first time: finish what runs, start nothing more. */
  readonly drain: () => void;
  /** SIGTERM or SIGINT again: kill the workers; their tasks go on at the next start. */
  readonly stopNow: () => void;
  /** SIGHUP: the log files were rotated. */
  readonly reopen: () => void;
}

/**
 * Listens for signals. Must be called before the first lock: the lock library ends a process whose only listener it is.
 * @returns the way to stop listening
 */
export function listenForSignals({ drain, stopNow, reopen }: SignalHandlers): () => void {
  let asked = false;
  const end = (): void => {
    if (asked) stopNow();
    else drain();
    asked = true;
  };
  const handlers = { SIGTERM: end, SIGINT: end, SIGHUP: reopen } as const;
  const signals = Object.keys(handlers) as (keyof typeof handlers)[];
  for (const signal of signals) process.on(signal, handlers[signal]);
  return () => {
    for (const signal of signals) process.off(signal, handlers[signal]);
  };
}
