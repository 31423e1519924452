import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { resolveSettings, SETTINGS } from "../../config.ts";
import { endingError, runDaemon } from "../../daemon/daemon.ts";
import { errnoOf, SpooldError } from "../../errors.ts";
import { openLog } from "../../log.ts";
import { directSystem } from "../../system.ts";
import type { CommonOptions } from "../options.ts";

interface StartOptions extends CommonOptions, Readonly<Record<string, unknown>> {
  readonly once?: true;
}

/** Runs the daemon until it is told to stop, or with `--once` until nothing is left to do. */
export async function start(options: StartOptions): Promise<number> {
  const env = process.env;
  const sources = { flags: settingFlags(options), env, file: readSettingsFile(join(options.spool, "spoold.json")) };
  const settings = resolveSettings(sources, { cores: availableParallelism(), workingDirectory: process.cwd() });
  const log = openLog({ logFile: settings.logFile, errorFile: settings.errorFile, level: settings.logLevel });
  const daemon = { spoolDir: options.spool, settings, once: options.once ?? false, env, system: directSystem(), log };
  try {
    return await runDaemon(daemon);
  } catch (error) {
    throw endingError(error, log);
  } finally {
    log.close();
  }
}

/** commander keeps `--max-crashes` as `maxCrashes`; a setting may have another name than its flag. */
function settingFlags(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const camel = (flag: string): string => flag.replace(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(SETTINGS).map(([name, { flag }]) => [name, options[camel(flag)]]));
}

function readSettingsFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    // ENOTDIR: the spool's own path is wrong, which opening it tells better.
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return undefined;
    throw new SpooldError("CONFIG_INVALID", { setting: path, accepts: "one JSON object" }, { cause: error });
  }
}
