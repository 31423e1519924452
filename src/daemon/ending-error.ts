import { type SpooldError, serializeError, toSpooldError } from "../errors.ts";
import type { Log } from "../log.ts";

/** For the caller that prints it: the error that ended a daemon, with a code of its own whatever it was. */
export function endingError(error: unknown, { log, once }: { readonly log: Log; readonly once: boolean }): SpooldError {
  const known = toSpooldError(error);
  // Of several that are started at once for what waits, one does the work, and that is as it should be.
  const level = once && known.code === "SPOOL_LOCKED" ? "info" : "error";
  log.event(level, "daemon ended", { error: serializeError(known) });
  return known;
}
