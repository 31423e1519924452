/** Kinds of settings: what a value may be, and how it is read from a flag, the environment or `spoold.json`. */
import { INPUT_FORMATS, type InputFormat } from "./input-formats.ts";

/** One row of the table of settings. */
export interface SettingRow<T> {
  /** Long command-line flag, without dashes; the environment variable is derived from it. */
  readonly flag: string;
  readonly fallback: (context: DefaultsContext) => T;
  /** Reads one value: text from a flag or the environment, JSON from the settings file. */
  readonly read: (value: unknown) => T | undefined;
  /** What is accepted, in words, for errors and the README. */
  readonly accepts: string;
  readonly tells: string;
  /** All that it may be, where these are a few words. */
  readonly words?: readonly string[];
  /** Whether the flag alone, without a value, means true. */
  readonly isSwitch?: true;
}

/** What defaults depend on, passed in so that nothing is read at import time. */
export interface DefaultsContext {
  readonly cores: number;
  readonly workingDirectory: string;
}

export function whole(
  flag: string,
  min: number,
  max: number,
  fallback: (context: DefaultsContext) => number,
  tells: string,
): SettingRow<number> {
  const read = (value: unknown): number | undefined => {
    const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
    return typeof number === "number" && Number.isInteger(number) && number >= min && number <= max
      ? number
      : undefined;
  };
  return { flag, fallback, read, accepts: `a whole number from ${min} to ${max}`, tells };
}

export function choice<const T extends string>(
  flag: string,
  words: readonly T[],
  fallback: NoInfer<T>,
  tells: string,
): SettingRow<T> {
  return {
    flag,
    fallback: () => fallback,
    read: (value) => words.find((word) => word === value),
    accepts: words.join(" or "),
    tells,
    words,
  };
}

export function path(flag: string, tells: string): SettingRow<string | null> {
  return { flag, fallback: () => null, read: readPath, accepts: "a path", tells };
}

function readPath(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && !value.includes("\0") ? value : undefined;
}

export function readYesOrNo(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  return value === "true" ? true : value === "false" ? false : undefined;
}

export function readRoots(value: unknown): readonly string[] | undefined {
  const list = typeof value === "string" ? value.split(":") : value;
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const paths = list.map(readPath).filter((entry) => entry !== undefined);
  return paths.length === list.length ? paths : undefined;
}

export function readFormats(value: unknown): readonly InputFormat[] | undefined {
  const list = typeof value === "string" ? value.split(",") : value;
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const formats = list.map((word) => INPUT_FORMATS.find((format) => format === word));
  return formats.includes(undefined) ? undefined : formats.filter((format) => format !== undefined);
}
