import { endingError, runDaemon } from "../../daemon/daemon.ts";
import { openLog } from "../../log.ts";
import { directSystem } from "../../system.ts";
import type { CommonOptions } from "../options.ts";
import { readSettings } from "../settings.ts";

interface StartOptions extends CommonOptions, Readonly<Record<string, unknown>> {
  readonly once?: true;
}

/** Runs the daemon until it is told to stop, or with `--once` until nothing is left to do. */
export async function start(options: StartOptions): Promise<number> {
  const env = process.env;
  const settings = readSettings(options);
  const log = openLog({ logFile: settings.logFile, errorFile: settings.errorFile, level: settings.logLevel });
  const daemon = { spoolDir: options.spool, settings, once: options.once ?? false, env, system: directSystem(), log };
  try {
    return await runDaemon(daemon);
  } catch (error) {
    throw endingError(error, daemon);
  } finally {
    log.close();
  }
}
