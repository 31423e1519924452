import { SpooldError } from "../errors.ts";
import { resolveRoots } from "../image/paths.ts";
import { acquireDaemonLock } from "../spool/daemon-lock.ts";
import { checkSpool, createSpool, layoutOf } from "../spool/layout.ts";
import { ignoring } from "../system.ts";
import { openContext } from "./context.ts";
import type { DaemonOptions } from "./daemon-options.ts";
import { holdAgain } from "./hold-again.ts";
import type { LoopState } from "./loop.ts";
import { own } from "./own.ts";
import { listenForSignals } from "./signals.ts";
import { openSystemd } from "./systemd.ts";
import { createWakeup } from "./wakeup.ts";
import { openWorkers } from "./workers.ts";

/**
 * Owns a spool and runs its tasks until told to stop.
 * @returns the exit code: 0; 1 when a `--once` run met a task that failed or a drop that was rejected
 * @throws SPOOL_LOCKED, LOCK_LOST, SPOOL_SPLIT, SPOOL_UNSAFE, CONFIG_INVALID, WORKER_UNUSABLE, DISK_FULL, IO_ERROR …
 */
export async function runDaemon(options: DaemonOptions): Promise<number> {
  const { settings, system, log } = options;
  const layout = layoutOf(options.spoolDir);
  const state: LoopState = { stopping: false, fatal: null, rang: false };
  const wakeup = createWakeup();
  let killWorkers = (): void => undefined;
  const fail = (error: SpooldError): void => {
    state.fatal ??= error;
    killWorkers();
    wakeup.ring();
  };
  const systemd = openSystemd({ env: options.env, log, ring: wakeup.ring });
  const drain = (): void => {
    state.stopping = true;
    log.event("info", "daemon stopping");
    systemd.stopping();
    wakeup.ring();
  };
  const stopListening = listenForSignals({ drain, stopNow: () => killWorkers(), reopen: () => log.reopen() });
  try {
    const roots = await resolveRoots(system, settings.roots);
    await createSpool(system, layout);
    await checkSpool(system, layout);
    // A clean-up by hand of empty directories takes it along.
    await ignoring(["EEXIST"], system.fs.mkdir(layout.attempts, { mode: 0o700 }));
    return await holdAgain({ system, layout, log }, async () => {
      const lock = await acquireDaemonLock(system, layout, () => fail(new SpooldError("LOCK_LOST")));
      const context = await openContext({ system, layout, settings, roots, log, lock });
      const pool = openWorkers(context, options, { fail, wakeup });
      killWorkers = () => pool.killAll();
      try {
        return await own(context, { pool, lock, wakeup, state, systemd, fail, drain }, options);
      } finally {
        await pool.close();
        await lock.release();
      }
    });
  } finally {
    systemd.close();
    stopListening();
  }
}
