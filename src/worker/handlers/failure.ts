/** Which error an attempt failed with whose handler has thrown something. */
import { errnoOf, type SerializedError, SpooldError, serializeError, toSpooldError } from "../../errors.ts";
import { isBuiltIn } from "./built-in.ts";

/** The longest message of a cause, in characters. */
const MAX_CAUSE = 4_096;

/**
 * The error for what a handler has thrown, whatever that is.
 * @returns DISK_FULL, HANDLER_REFUSED for an error that says `permanent: true`, else HANDLER_FAILED; of a built-in
 *   handler the error's own code
 */
export function thrownBy(handler: string, cause: unknown): SpooldError {
  if (isBuiltIn(handler)) return toSpooldError(cause, "HANDLER_FAILED", { handler });
  // Other errors of the machine may well be the handler's own: it has used up its descriptors, or writes elsewhere.
  if (["ENOSPC", "EDQUOT"].includes(errnoOf(cause) ?? "")) return toSpooldError(cause, "DISK_FULL", { handler });
  return new SpooldError(isRefusal(cause) ? "HANDLER_REFUSED" : "HANDLER_FAILED", { handler }, { cause });
}

/** The plain form of an error, however long or odd the causes are that a handler has given it. */
export function plainFailure(error: unknown): SerializedError {
  try {
    const plain = serializeError(error);
    return { ...plain, causes: plain.causes.map((cause) => String(cause).slice(0, MAX_CAUSE)) };
  } catch {
    // A value that throws when it is looked at.
    return new SpooldError("HANDLER_FAILED", {}, { cause: "what it threw cannot be told" }).toJSON();
  }
}

function isRefusal(thrown: unknown): boolean {
  return typeof thrown === "object" && thrown !== null && "permanent" in thrown && thrown.permanent === true;
}
