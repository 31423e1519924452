import { SpooldError } from "./errors.ts";
import { DEFAULT_FORMATS, INPUT_FORMATS, type InputFormat } from "./input-formats.ts";
import {
  choice,
  type DefaultsContext,
  path,
  readFormats,
  readRoots,
  readYesOrNo,
  type SettingRow,
  whole,
} from "./setting-kinds.ts";

/** All settings of a daemon, resolved. Times in milliseconds, sizes in bytes, pictures in pixels. */
export interface Settings {
  readonly concurrency: number;
  readonly roots: readonly string[];
  readonly timeoutMs: number;
  readonly strict: boolean;
  readonly maxAttempts: number;
  readonly maxCrashes: number;
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
  readonly maxAlike: number;
  readonly maxInputPixels: number;
  readonly maxInputBytes: number;
  readonly workerMemory: number;
  readonly recycleTasks: number;
  readonly recycleBytes: number;
  readonly maxInputFrames: number;
  readonly maxProgressivePixels: number;
  readonly maxOutputSide: number;
  readonly inputFormats: readonly InputFormat[];
  readonly keepDoneMs: number;
  readonly keepDoneCount: number;
  readonly keepDoneBytes: number;
  readonly keepFreshMs: number;
  readonly handlers: string | null;
  readonly settleMs: number;
  readonly rejectAfterMs: number;
  readonly rescanMs: number;
  readonly watch: "auto" | "poll";
  readonly logFile: string | null;
  readonly errorFile: string | null;
  readonly logLevel: "debug" | "info" | "warn" | "error";
}

type SettingName = keyof Settings;

const MEBIBYTE = 1024 * 1024;

/** Every setting: its flag, its default and what it accepts. README's table is tested against this one. */
export const SETTINGS: { readonly [Name in SettingName]: SettingRow<Settings[Name]> } = {
  concurrency: whole("concurrency", 1, 256, ({ cores }) => cores, "workers that run at once; default one per core"),
  roots: {
    flag: "root",
    fallback: ({ workingDirectory }) => [workingDirectory],
    read: readRoots,
    accepts: "one or more directories, `:` between them in the environment",
    tells: "where sources and outputs must lie; relative paths start at the first one",
  },
  timeoutMs: whole("timeout", 1, 86_400_000, () => 120_000, "deadline of one attempt in ms, unless the task names one"),
  strict: {
    flag: "strict",
    fallback: () => false,
    read: readYesOrNo,
    accepts: "true or false",
    tells: "one task at a time, and none before the one before it has ended, however often that is tried",
    isSwitch: true,
  },
  maxAttempts: whole("max-attempts", 1, 100, () => 5, "attempts before a task fails, unless the task names a number"),
  maxCrashes: whole(
    "max-crashes",
    1,
    100,
    () => 2,
    "attempts that may kill a worker or the daemon before a task fails",
  ),
  backoffMs: whole(
    "backoff",
    0,
    86_400_000,
    () => 1_000,
    "longest wait in ms after a first attempt that failed; doubled after each one, and any part of it is waited",
  ),
  backoffMaxMs: whole("backoff-max", 0, 604_800_000, () => 600_000, "longest wait in ms after any attempt"),
  maxAlike: whole(
    "max-alike",
    0,
    1_000_000,
    () => 50,
    "attempts in a row that may fail with one error of the machine's before the daemon pauses; 0 never pauses",
  ),
  maxInputPixels: whole(
    "max-input-pixels",
    1,
    4_294_967_296,
    () => 100_000_000,
    "largest source in pixels; an AVIF may have a third",
  ),
  maxInputBytes: whole("max-input-bytes", 1, 4096 * MEBIBYTE, () => 128 * MEBIBYTE, "largest source in bytes"),
  workerMemory: whole(
    "worker-memory",
    128 * MEBIBYTE,
    1_048_576 * MEBIBYTE,
    () => 1024 * MEBIBYTE,
    "bytes that a worker may take at most before it is killed and its task fails (Linux)",
  ),
  recycleTasks: whole("recycle-tasks", 1, 1_000_000_000, () => 1_000, "tasks after which a worker is replaced"),
  recycleBytes: whole(
    "recycle-bytes",
    128 * MEBIBYTE,
    1_048_576 * MEBIBYTE,
    () => 512 * MEBIBYTE,
    "bytes of memory beyond which a worker is replaced once its task has ended (Linux)",
  ),
  maxInputFrames: whole("max-input-frames", 1, 100_000, () => 1_000, "most frames that an output may keep"),
  maxProgressivePixels: whole(
    "max-progressive-pixels",
    1,
    4_294_967_296,
    () => 12_500_000,
    "largest progressive JPEG or interlaced PNG in pixels: its decoder holds all of it",
  ),
  maxOutputSide: whole("max-output-side", 1, 65_535, () => 16_383, "longest side of an output in pixels"),
  inputFormats: {
    flag: "input-formats",
    fallback: () => DEFAULT_FORMATS,
    read: readFormats,
    accepts: `some of ${INPUT_FORMATS.join(",")}`,
    tells: "formats of sources and overlays that are opened",
  },
  keepDoneMs: whole(
    "keep-done",
    0,
    315_576_000_000,
    () => 2_592_000_000,
    "ms after which receipts are removed; 0 keeps them however old; default 30 days",
  ),
  keepDoneCount: whole(
    "keep-done-count",
    0,
    1_000_000_000,
    () => 100_000,
    "so many receipts are kept, the newest; 0 keeps all",
  ),
  keepDoneBytes: whole(
    "keep-done-bytes",
    0,
    1_048_576 * MEBIBYTE,
    () => 1024 * MEBIBYTE,
    "receipts are kept up to so many bytes together, the newest; 0 keeps all",
  ),
  keepFreshMs: whole(
    "keep-fresh",
    0,
    315_576_000_000,
    () => 7_776_000_000,
    "ms for which outputs of tasks that say `skipIfFresh` are remembered after the last one; 0 for ever; default 90 days",
  ),
  handlers: path("handlers", "directory of the handlers; default `handlers/` in the spool"),
  settleMs: whole("settle", 0, 3_600_000, () => 1_000, "ms that a hand drop must lie unchanged before it is taken"),
  rejectAfterMs: whole(
    "reject-after",
    0,
    86_400_000,
    () => 60_000,
    "quiet ms after which an unfinished drop is rejected",
  ),
  rescanMs: whole("rescan", 10, 3_600_000, () => 15_000, "ms between looks at an idle spool that nobody rang for"),
  watch: choice("watch", ["auto", "poll"], "auto", "`poll` looks every second and needs no inotify"),
  logFile: path("log-file", "where log lines go; default standard output"),
  errorFile: path("error-file", "where lines about failures go as well; default nowhere"),
  logLevel: choice("log-level", ["debug", "info", "warn", "error"], "info", "least grave lines to log"),
};

/** Where each value may come from, strongest first. Undefined members are not set. */
export interface SettingSources {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The parsed `spoold.json` of the spool, or undefined when there is none. */
  readonly file: unknown;
}

/**
 * Settings by precedence: flags, `SPOOLD_*`, the spool's `spoold.json`, defaults.
 * @throws CONFIG_INVALID naming the setting, where it was set and what it accepts
 */
export function resolveSettings(sources: SettingSources, context: DefaultsContext): Settings {
  const file = settingsObject(sources.file);
  const resolve = <Name extends SettingName>(name: Name): Settings[Name] => {
    const setting = SETTINGS[name];
    const given: [string, unknown][] = [
      [`--${setting.flag}`, sources.flags[name]],
      [envName(setting.flag), sources.env[envName(setting.flag)]],
      [`spoold.json: ${name}`, file[name]],
    ];
    for (const [from, value] of given) {
      if (value === undefined) continue;
      const read = setting.read(value);
      if (read === undefined)
        throw new SpooldError("CONFIG_INVALID", { setting: from, value, accepts: setting.accepts });
      return read;
    }
    return setting.fallback(context);
  };
  return Object.fromEntries(names().map((name) => [name, resolve(name)])) as unknown as Settings;
}

/** The environment variable of a flag: `max-crashes` is `SPOOLD_MAX_CRASHES`. */
export function envName(flag: string): string {
  return `SPOOLD_${flag.toUpperCase().replaceAll("-", "_")}`;
}

function names(): SettingName[] {
  return Object.keys(SETTINGS) as SettingName[];
}

function settingsObject(file: unknown): Readonly<Record<string, unknown>> {
  if (file === undefined) return {};
  if (typeof file !== "object" || file === null || Array.isArray(file)) {
    throw new SpooldError("CONFIG_INVALID", { setting: "spoold.json", accepts: "one JSON object" });
  }
  const unknown = Object.keys(file).find((key) => !Object.hasOwn(SETTINGS, key));
  if (unknown !== undefined) {
    throw new SpooldError("CONFIG_INVALID", { setting: `spoold.json: ${unknown}`, accepts: names().join(", ") });
  }
  return file as Record<string, unknown>;
}
