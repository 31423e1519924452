import type { Settings } from "../../config.ts";
import { toSpooldError } from "../../errors.ts";
import type { Layout } from "../../spool/layout.ts";
import type { System } from "../../system.ts";

/** One thing about the machine that matters to a spool. */
export interface Hint {
  /** What was looked at, in a word or two. */
  readonly what: string;
  /** `bad`: spoold cannot work so, or would lose what it promises. */
  readonly state: "ok" | "warn" | "bad";
  /** What was found. */
  readonly tells: string;
  /** What to do about it; null when nothing need be done. */
  readonly todo: string | null;
}

/** What the hints are about. */
export interface DoctorContext {
  readonly system: System;
  readonly layout: Layout;
  readonly settings: Settings;
  /** The spool, or the nearest directory above it that is there. */
  readonly place: string;
}

export function ok(what: string, tells: string): Hint {
  return { what, state: "ok", tells, todo: null };
}

export function warn(what: string, tells: string, todo: string): Hint {
  return { what, state: "warn", tells, todo };
}

/** What an error tells is bad, and what to do about it stands in its hint. */
export function badBecause(what: string, error: unknown): Hint {
  const { message, hint, cause } = toSpooldError(error);
  return bad(what, cause instanceof Error ? `${message}: ${cause.message}` : message, hint);
}

export function bad(what: string, tells: string, todo: string): Hint {
  return { what, state: "bad", tells, todo };
}
