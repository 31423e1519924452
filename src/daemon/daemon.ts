import { createHash } from "node:crypto";
import { SpooldError, serializeError, toSpooldError } from "../errors.ts";
import { resolveRoots } from "../image/paths.ts";
import { openCommitter } from "../spool/commit.ts";
import { acquireDaemonLock, type DaemonLock } from "../spool/daemon-lock.ts";
import { checkSpool, createSpool, type Layout, layoutOf } from "../spool/layout.ts";
import { openPruned } from "../spool/pruned.ts";
import { openSequence } from "../spool/sequence.ts";
import { ignoring } from "../system.ts";
import type { DaemonContext } from "./context.ts";
import type { DaemonOptions } from "./daemon-options.ts";
import { holdAgain } from "./hold-again.ts";
import type { LoopState } from "./loop.ts";
import { own } from "./own.ts";
import { listenForSignals } from "./signals.ts";
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
  const drain = (): void => {
    state.stopping = true;
    log.event("info", "daemon stopping");
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
      const context = await contextOf(options, layout, roots, lock);
      const pool = openWorkers(context, options, { fail, wakeup });
      killWorkers = () => pool.killAll();
      try {
        return await own(context, { pool, lock, wakeup, state, fail, drain }, options);
      } finally {
        await pool.close();
        await lock.release();
      }
    });
  } finally {
    stopListening();
  }
}

async function contextOf(
  { settings, system, log }: DaemonOptions,
  layout: Layout,
  roots: readonly string[],
  lock: DaemonLock,
): Promise<DaemonContext> {
  const sequence = openSequence(system, layout);
  const committer = openCommitter(system, layout, sequence);
  const { dev, ino } = await system.fs.lstat(layout.root);
  const spoolTag = createHash("sha256").update(`${dev}:${ino}`).digest("hex").slice(0, 8);
  const spool = await system.fs.realpath(layout.root);
  const pruned = openPruned(system, layout);
  return { system, layout, settings, roots, spool, log, lock, committer, sequence, pruned, spoolTag };
}

/** For the caller that prints it: the error that ended a daemon, with a code of its own whatever it was. */
export function endingError(error: unknown, { log, once }: Pick<DaemonOptions, "log" | "once">): SpooldError {
  const known = toSpooldError(error);
  // Of several that are started at once for what waits, one does the work, and that is as it should be.
  const level = once && known.code === "SPOOL_LOCKED" ? "info" : "error";
  log.event(level, "daemon ended", { error: serializeError(known) });
  return known;
}
