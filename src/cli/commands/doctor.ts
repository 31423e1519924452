import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { resolveSettings, type Settings } from "../../config.ts";
import { layoutOf } from "../../spool/layout.ts";
import { ignoring, realSystem, type System } from "../../system.ts";
import { fileSystemHints } from "../doctor/file-systems.ts";
import { badBecause, type DoctorContext, type Hint, ok } from "../doctor/hint.ts";
import { inotifyHints } from "../doctor/inotify.ts";
import { pictureHints } from "../doctor/pictures.ts";
import { processHints } from "../doctor/process.ts";
import { resourceHints } from "../doctor/resources.ts";
import type { JsonOptions } from "../options.ts";
import { printJson, printLine } from "../output.ts";
import { readSettings } from "../settings.ts";

type DoctorOptions = JsonOptions & Readonly<Record<string, unknown>>;

/**
 * Looks at the machine: what a daemon would meet there. What lies in the spool is `check`'s to look at.
 * @returns 1 when something is bad
 */
export async function doctor(options: DoctorOptions): Promise<number> {
  const system = realSystem();
  const layout = layoutOf(options.spool);
  const [settings, told] = settingsOf(options);
  const context: DoctorContext = { system, layout, settings, place: await nearestDirectory(system, layout.root) };
  const hints: Hint[] = [told];
  for (const look of [processHints, fileSystemHints, inotifyHints, resourceHints, pictureHints]) {
    hints.push(...(await look(context)));
  }
  const width = Math.max(...hints.map(({ what }) => what.length));
  for (const hint of hints) {
    if (options.json) printJson(hint);
    else printLine(`${hint.state.padEnd(5)} ${hint.what.padEnd(width)}  ${hint.tells}`);
    if (!options.json && hint.todo !== null) printLine(`      ${" ".repeat(width)}  -> ${hint.todo}`);
  }
  return hints.some(({ state }) => state === "bad") ? 1 : 0;
}

/** With wrong settings the rest is looked at with the default ones. */
function settingsOf(options: DoctorOptions): readonly [Settings, Hint] {
  try {
    return [readSettings(options), ok("settings", "valid")];
  } catch (error) {
    const context = { cores: availableParallelism(), workingDirectory: process.cwd() };
    const defaults = resolveSettings({ flags: {}, env: {}, file: undefined }, context);
    return [defaults, badBecause("settings", error)];
  }
}

async function nearestDirectory(system: System, path: string): Promise<string> {
  const stat = await ignoring(["ENOENT", "ENOTDIR", "EACCES"], system.fs.lstat(path));
  return stat !== undefined || dirname(path) === path ? path : nearestDirectory(system, dirname(path));
}
