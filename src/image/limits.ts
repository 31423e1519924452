/** What a picture may cost. Loaded by the daemon, so it must never load sharp. */
import type { Settings } from "../config.ts";

/** The settings that bound what a worker reads, decodes and makes. */
export type Limits = Pick<Settings, (typeof LIMITS)[number]>;

/** What decides whether a picture may be decoded. */
export type HeaderLimits = Pick<Limits, "inputFormats" | "maxInputPixels" | "maxProgressivePixels">;

/** What decides whether an output may be made. */
export type OutputLimits = Pick<Limits, "maxInputFrames" | "maxOutputSide">;

const LIMITS = [
  "inputFormats",
  "maxInputBytes",
  "maxInputFrames",
  "maxInputPixels",
  "maxOutputSide",
  "maxProgressivePixels",
] as const satisfies readonly (keyof Settings)[];

/** The limits among the settings, as they travel to a worker. */
export function limitsOf(settings: Settings): Limits {
  return Object.fromEntries(LIMITS.map((name) => [name, settings[name]])) as unknown as Limits;
}
