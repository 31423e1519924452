import { resolveSettings } from "../../src/config.ts";
import { type Limits, limitsOf } from "../../src/image/limits.ts";

/** The limits of a daemon that was told nothing. */
export const DEFAULT_LIMITS: Limits = limitsOf(
  resolveSettings({ flags: {}, env: {}, file: undefined }, { cores: 1, workingDirectory: "." }),
);
