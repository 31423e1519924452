/** Removes old receipts while the daemon works: at its start, when that was not done within the hour, and once an hour. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { serializeError } from "../errors.ts";
import { forgetReceipts } from "../spool/fresh.ts";
import { isLimited } from "../spool/prune/limits.ts";
import { pruneState } from "../spool/prune/prune.ts";
import { receiptLimits } from "../spool/prune/receipts.ts";
import { ignoring } from "../system.ts";
import type { DaemonContext } from "./context.ts";

export interface Pruning {
  /** To be called once what a daemon that died has left is in order. */
  start(): void;
  /** Waits until what is under way has come to its end: a daemon that only drains would never get there otherwise. */
  finish(): Promise<void>;
  /** Ends what is under way, soon, and begins nothing more. */
  stop(): Promise<void>;
}

const EVERY_MS = 3_600_000;
/** After so long at work tasks have their turn. */
const WORK_MS = 4;
const REST_MS = 2;

/** @param isEnding whether the daemon is to end as soon as it can */
export function openPruning(context: DaemonContext, isEnding: () => boolean): Pruning {
  const { system, layout, settings, lock, log } = context;
  const limits = receiptLimits(settings);
  let stopped = false;
  let restedAtMs = 0;
  let underWay = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  return {
    start() {
      if (!isLimited(limits) && settings.keepFreshMs === 0) return;
      timer = setInterval(begin, EVERY_MS);
      begin();
    },
    finish: () => underWay,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await underWay;
    },
  };

  function begin(): void {
    underWay = underWay.then(prune).catch((error: unknown) => {
      // Old receipts in the way of nothing: the next time may go better.
      log.event("warn", "receipts not pruned", { error: serializeError(error) });
    });
  }

  async function prune(): Promise<void> {
    if (stopped || isEnding() || !(await isDue())) return;
    const { removed, bytes, kept, isWhole } = await pruneState(system, layout, "done", { limits, rest });
    if (removed > 0) log.event("info", "receipts pruned", { removed, bytes, kept });
    await forgetOld();
    if (isWhole) await stamp();
  }

  async function forgetOld(): Promise<void> {
    if (settings.keepFreshMs === 0) return;
    const forgotten = await forgetReceipts(system, layout, system.nowMs() - settings.keepFreshMs, rest);
    if (forgotten > 0) log.event("info", "outputs forgotten", { forgotten });
  }

  async function rest(): Promise<boolean> {
    if (system.monotonicMs() - restedAtMs < WORK_MS) return !stopped;
    await sleep(REST_MS);
    restedAtMs = system.monotonicMs();
    return !stopped && !isEnding() && (await lock.isHeld());
  }

  /** A daemon that is started for each upload must not look through all receipts each time. */
  async function isDue(): Promise<boolean> {
    const last = await ignoring(["ENOENT"], system.fs.lstat(stampPath()));
    const agoMs = system.nowMs() - (last?.mtimeMs ?? Number.NEGATIVE_INFINITY);
    return agoMs < 0 || agoMs >= EVERY_MS - SLACK_MS;
  }

  /** Its time of writing says when receipts were last looked through. */
  async function stamp(): Promise<void> {
    const handle = await system.fs.open(stampPath(), "w", 0o600);
    try {
      await handle.writeFile(`${new Date(system.nowMs()).toISOString()}\n`);
    } finally {
      await handle.close();
    }
  }

  function stampPath(): string {
    return join(layout.run, "pruned-at");
  }
}

/** A timer may ring early by the clock of the file system. */
const SLACK_MS = 60_000;
