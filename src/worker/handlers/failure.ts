/** Which error an attempt failed with whose handler has thrown something, whatever that is. */
import { errnoOf, type SerializedError, SpooldError, serializeError, toSpooldError } from "../../errors.ts";
import { isBuiltIn } from "./built-in.ts";

/** The longest message of a cause, in characters. */
const MAX_CAUSE = 4_096;

/**
 * The error for what a handler has thrown.
 * @returns DISK_FULL, HANDLER_REFUSED for an error that says `permanent: true`, else HANDLER_FAILED; of a built-in
 *   handler the error's own code
 */
export function thrownBy(handler: string, cause: unknown): SpooldError {
  try {
    const error = isBuiltIn(handler) ? toSpooldError(cause, "HANDLER_FAILED", { handler }) : wrapped(handler, cause);
    // There are values that throw when they are looked at: better here than where the error is to be told.
    plainFailure(error);
    return error;
  } catch {
    return new SpooldError("HANDLER_FAILED", { handler }, { cause: "what it threw cannot be told" });
  }
}

/** The plain form of an error, however long the causes are that a handler has given it. */
export function plainFailure(error: unknown): SerializedError {
  const plain = serializeError(error);
  return { ...plain, causes: plain.causes.map((cause) => String(cause).slice(0, MAX_CAUSE)) };
}

function wrapped(handler: string, cause: unknown): SpooldError {
  // Other errors of the machine may well be the handler's own: it has used up its descriptors, or writes elsewhere.
  if (["ENOSPC", "EDQUOT"].includes(errnoOf(cause) ?? "")) return new SpooldError("DISK_FULL", { handler }, { cause });
  return new SpooldError(isRefusal(cause) ? "HANDLER_REFUSED" : "HANDLER_FAILED", { handler }, { cause });
}

function isRefusal(thrown: unknown): boolean {
  return typeof thrown === "object" && thrown !== null && "permanent" in thrown && thrown.permanent === true;
}
