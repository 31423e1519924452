import { posix } from "node:path";
import { type Fault, invalidTask } from "./faults.ts";
import { faultsOfIssues } from "./issues.ts";
import { FORMAT_ENDINGS, formatOf, type Task, taskSchema } from "./task.ts";

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

/**
 * Checks a value against the schema and the rules that span members.
 * @returns the task
 * @throws TASK_INVALID with `faults`, one for each thing that is wrong
 */
export function checkTask(value: unknown): Task {
  const parsed = taskSchema.safeParse(value);
  if (!parsed.success) throw invalidTask(faultsOfIssues(parsed.error.issues, value));
  const faults = spanningFaults(parsed.data);
  if (faults.length > 0) throw invalidTask(faults);
  return parsed.data;
}

/** What one output must not do to another or to the source; the schema cannot see it. */
function spanningFaults(task: Task): Fault[] {
  const endings = Object.values(FORMAT_ENDINGS).flat().join(" ");
  const source = posix.normalize(task.source);
  const seen = new Set<string>();
  return task.outputs.flatMap((output, index) => {
    const pointer = `/outputs/${index}/file`;
    const received = JSON.stringify(output.file);
    const file = posix.normalize(output.file);
    const faults: Fault[] = [];
    if (formatOf(output) === undefined)
      faults.push({ pointer, expected: `one of the endings ${endings}, or a format`, received });
    if (file === source) faults.push({ pointer, expected: "a file that is not the source", received });
    if (seen.has(file)) faults.push({ pointer, expected: "a file that no other output names", received });
    seen.add(file);
    return faults;
  });
}
