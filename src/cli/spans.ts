import { InvalidArgumentError } from "commander";

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Reads a span of time as `30s`, `10m`, `2h`, `1d` or `2w`. @returns ms */
export function readSpan(text: string): number {
  const [, count, unit = ""] = /^(\d{1,12})(ms|s|m|h|d|w)$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError("a span of time is written 30s, 10m, 2h, 1d or 2w.");
  return Number(count) * (UNITS[unit] ?? 1);
}

/** The same, where a number alone is ms. */
export function readTimeout(text: string): number {
  return /^\d{1,12}$/.test(text) ? Number(text) : readSpan(text);
}
