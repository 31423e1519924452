import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { resolveSettings, SETTINGS, type Settings } from "../config.ts";
import { errnoOf, SpooldError } from "../errors.ts";
import type { CommonOptions } from "./options.ts";

/**
 * The settings of a daemon, as flags, the environment and the spool's `spoold.json` say.
 * @throws CONFIG_INVALID
 */
export function readSettings(options: CommonOptions & Readonly<Record<string, unknown>>): Settings {
  const file = readSettingsFile(join(options.spool, "spoold.json"));
  const sources = { flags: settingFlags(options), env: process.env, file };
  return resolveSettings(sources, { cores: availableParallelism(), workingDirectory: process.cwd() });
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
