/** A daemon in this process, from its start to the end of all that can be done: the real one, but for its workers. */
import { join } from "node:path";
import { resolveSettings } from "../../../src/config.ts";
import { openContext } from "../../../src/daemon/context.ts";
import type { LoopState } from "../../../src/daemon/loop.ts";
import { own } from "../../../src/daemon/own.ts";
import { createWakeup } from "../../../src/daemon/wakeup.ts";
import { SpooldError } from "../../../src/errors.ts";
import type { Log } from "../../../src/log.ts";
import { acquireDaemonLock } from "../../../src/spool/daemon-lock.ts";
import { checkSpool, createSpool, layoutOf } from "../../../src/spool/layout.ts";
import type { System } from "../../../src/system.ts";
import { openPool } from "./workers.ts";

export type LogEvent = Readonly<Record<string, unknown>> & { readonly name: string };

/** Runs a daemon on `spool/` in a directory until nothing is left to do. @param told each line of its log */
export async function runSession(base: string, system: System, told: (event: LogEvent) => void): Promise<void> {
  const layout = layoutOf(join(base, "spool"));
  const flags = { roots: [base], concurrency: 2, settleMs: 0, rejectAfterMs: 20, backoffMs: 0, watch: "poll" };
  const settings = resolveSettings({ flags, env: {}, file: undefined }, { cores: 2, workingDirectory: base });
  const event: Log["event"] = (_level, name, facts = {}) => told({ ...facts, name });
  const log: Log = { event, reopen: () => undefined, dropped: () => 0, close: () => undefined };
  const state: LoopState = { stopping: false, fatal: null, rang: false };
  const wakeup = createWakeup();
  const fail = (error: SpooldError): void => {
    state.fatal ??= error;
    wakeup.ring();
  };
  await createSpool(system, layout);
  await checkSpool(system, layout);
  const lock = await acquireDaemonLock(system, layout, () => fail(new SpooldError("LOCK_LOST")));
  try {
    const context = await openContext({ system, layout, settings, roots: [base], log, lock });
    const systemd = {
      ready: () => undefined,
      turned: () => undefined,
      stopping: () => undefined,
      close: () => undefined,
    };
    const drain = (): void => undefined;
    const pool = openPool(context, wakeup.ring);
    const options = { spoolDir: layout.root, settings, once: true, env: {}, system, log };
    await own(context, { pool, lock, wakeup, state, systemd, fail, drain }, options);
  } finally {
    await lock.release();
  }
}
