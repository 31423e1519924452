/** What a handler returns, on its way into the receipt. */
import { SpooldError } from "../../errors.ts";
import { isTooDeep, MAX_LEVELS } from "../../task/depth.ts";
import type { JsonValue } from "../../task/outcome.ts";

/** The longest result as JSON, in bytes: more of it belongs into a file. */
export const MAX_RESULT_BYTES = 256 * 1024;

/**
 * The JSON of what a handler has returned; nothing is null.
 * @throws HANDLER_RESULT when it is no JSON, too long or nested too deeply
 */
export function encodeResult(value: unknown): string {
  const json = value === undefined ? "null" : jsonOf(value);
  readResult(json);
  return json;
}

/**
 * Reads the JSON of a result.
 * @throws HANDLER_RESULT when `encodeResult` has not written it
 */
export function readResult(json: string): JsonValue {
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_RESULT_BYTES) throw new SpooldError("HANDLER_RESULT", { bytes, limit: MAX_RESULT_BYTES });
  const value = parsed(json);
  if (isTooDeep(value)) throw new SpooldError("HANDLER_RESULT", { because: `over ${MAX_LEVELS} levels` });
  return value;
}

function jsonOf(value: unknown): string {
  try {
    const json: string | undefined = JSON.stringify(value);
    if (json !== undefined) return json;
  } catch (cause) {
    throw new SpooldError("HANDLER_RESULT", { because: "it is not JSON" }, { cause });
  }
  throw new SpooldError("HANDLER_RESULT", { because: `it is a ${typeof value}` });
}

function parsed(json: string): JsonValue {
  try {
    return JSON.parse(json) as JsonValue;
  } catch (cause) {
    throw new SpooldError("HANDLER_RESULT", { because: "it is not JSON" }, { cause });
  }
}
