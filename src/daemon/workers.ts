import { deserializeError, SpooldError } from "../errors.ts";
import type { DaemonContext } from "./context.ts";
import type { DaemonOptions } from "./daemon-options.ts";
import type { Owned } from "./own.ts";
import { openPool, type Pool } from "./pool.ts";

/** Deaths of workers at their start, in a row, after which a `--once` run gives up. */
const MAX_DEATHS_ONCE = 5;

/** Starts the workers of a daemon. */
export function openWorkers(
  { settings, system, log }: DaemonContext,
  { env, once }: DaemonOptions,
  { fail, wakeup }: Pick<Owned, "fail" | "wakeup">,
): Pool {
  return openPool(
    { ...settings, size: settings.concurrency, env, system },
    {
      free: () => wakeup.ring(),
      unusable: (error) => fail(deserializeError(error)),
      spent: (error) => log.event("warn", "handler went astray", { error }),
      diedAtStart: (facts) => {
        log.event("error", "worker died at start", facts);
        if (once && facts.tries >= MAX_DEATHS_ONCE) fail(new SpooldError("WORKER_UNUSABLE", facts));
      },
      mended: () => log.event("info", "workers start again"),
    },
  );
}
