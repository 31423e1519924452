import { endingError, runDaemon } from "../../daemon/daemon.ts";
import { openLog } from "../../log.ts";
import { directSystem } from "../../system.ts";
import { openDrainBar } from "../drain-bar.ts";
import type { CommonOptions } from "../options.ts";
import { readSettings } from "../settings.ts";

interface StartOptions extends CommonOptions, Readonly<Record<string, unknown>> {
  readonly once?: true;
}

/** Runs the daemon until it is told to stop, or with `--once` until nothing is left to do. */
export async function start(options: StartOptions): Promise<number> {
  const env = process.env;
  const settings = readSettings(options);
  const { logFile, errorFile, logLevel: level } = settings;
  const log = openLog({ logFile, errorFile, level });
  const system = directSystem();
  const once = options.once ?? false;
  const bar = once ? openDrainBar(log, logFile, system.monotonicMs) : undefined;
  const daemon = { spoolDir: options.spool, settings, once, env, system, log };
  try {
    return await runDaemon(bar === undefined ? daemon : { ...daemon, log: bar.log, started: bar.started });
  } catch (error) {
    throw endingError(error, daemon);
  } finally {
    bar?.end();
    log.close();
  }
}
