/** The text of a task file, of which nothing is known yet. Loaded where the schema is not needed, for that takes time. */
import { invalidTask } from "./faults.ts";

/** The largest task file in bytes: a task is an instruction, not a place for data. */
export const MAX_TASK_BYTES = 64 * 1024;

/**
 * Whether the text is one complete JSON object. No proper prefix of an object parses, so this also says that a
 * file is not half written.
 * @returns the value, or undefined when the text is not an object (yet)
 */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    // Not JSON is an ordinary state of a file that is still being written; the caller decides.
    return undefined;
  }
}

/**
 * Reads the JSON of a task or a recipe from the text of its file.
 * @throws TASK_INVALID with the parser's message as the cause
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const received = JSON.stringify(text.slice(0, 80));
    throw invalidTask([{ pointer: "", expected: "one JSON object", received }], cause);
  }
}
