import { isatty } from "node:tty";
import { endingError } from "../../daemon/ending-error.ts";
import { createSpool, layoutOf } from "../../spool/layout.ts";
import { fastestSystem } from "../../spool/network-file-system.ts";
import { isScheduleDue } from "../../spool/schedule-due.ts";
import { holdsOne, looksEmpty, somethingWaits } from "../../spool/waiting.ts";
import { realSystem } from "../../system.ts";
import { openDrainBar } from "../drain-bar.ts";
import type { CommonOptions } from "../options.ts";
import { readSettings } from "../settings.ts";

interface StartOptions extends CommonOptions, Readonly<Record<string, unknown>> {
  readonly once?: true;
  readonly untilEmpty?: true;
}

/** Runs the daemon until it is told to stop, or until nothing is left to do. */
export async function start(options: StartOptions): Promise<number> {
  const env = process.env;
  const settings = readSettings(options);
  if (options.untilEmpty && !(await hasWork(options.spool))) return 0;
  const [{ runDaemon }, { openLog }] = await Promise.all([import("../../daemon/daemon.ts"), import("../../log.ts")]);
  const { logFile, errorFile, logLevel: level } = settings;
  const show = logFile === null && isatty(1) ? (await import("../../log-pretty.ts")).prettyLine : null;
  const log = openLog({ logFile, errorFile, level, show });
  const { spool: spoolDir, once = false, untilEmpty = false } = options;
  const system = await fastestSystem(realSystem(), layoutOf(spoolDir).root);
  const bar = once ? openDrainBar(log, logFile, system.monotonicMs) : undefined;
  const daemon = { spoolDir, settings, once, untilEmpty, env, system, log };
  try {
    return await runDaemon(bar === undefined ? daemon : { ...daemon, log: bar.log, started: bar.started });
  } catch (error) {
    throw endingError(error, daemon);
  } finally {
    bar?.end();
    log.close();
  }
}

/** A timer that calls every minute must not cost a daemon each time. */
async function hasWork(spool: string): Promise<boolean> {
  const layout = layoutOf(spool);
  const system = await fastestSystem(realSystem(), layout.root);
  await createSpool(system, layout);
  if (!(await looksEmpty(system, layout)) || (await somethingWaits(system, layout))) return true;
  return (await holdsOne(system, layout.active, () => true)) || isScheduleDue(system, layout);
}
