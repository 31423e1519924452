import { posix } from "node:path";
import { closest } from "fastest-levenshtein";
import type { z } from "zod";
import { SpooldError } from "../errors.ts";
import { FORMAT_ENDINGS, formatOf, type Task, taskSchema } from "./task.ts";

/** One thing wrong with a task, and the place in the file where it is wrong. */
export interface Fault {
  /** JSON pointer (RFC 6901) to the place; the empty string is the whole file. */
  readonly pointer: string;
  readonly expected: string;
  /** What stands there, as JSON, cut to 200 characters; absent when nothing stands there. */
  readonly received?: string;
  /** The known word that is nearest to an unknown one. */
  readonly nearest?: string;
}

/** What plays tricks on a terminal; JSON leaves some of it raw, and pointers hold the names of members as they are. */
const UNPRINTABLE = /[\p{Cc}\p{Bidi_Control}]/gu;

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
 * Reads a task from the text of a file.
 * @throws TASK_INVALID; a text that is no JSON keeps the parser's message as the cause
 */
export function parseTask(text: string): Task {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const faults = [{ pointer: "", expected: "one JSON object", received: JSON.stringify(text.slice(0, 80)) }];
    throw new SpooldError("TASK_INVALID", { faults, count: 1 }, { cause });
  }
  return checkTask(value);
}

/**
 * Checks a value against the schema and the rules that span members.
 * @returns the task
 * @throws TASK_INVALID with `faults`, one for each thing that is wrong
 */
export function checkTask(value: unknown): Task {
  const parsed = taskSchema.safeParse(value);
  if (!parsed.success) throw invalid(firstEach(parsed.error.issues.flatMap((issue) => faultsOf(issue, value))));
  const faults = spanningFaults(parsed.data);
  if (faults.length > 0) throw invalid(faults);
  return parsed.data;
}

/** The faults of a TASK_INVALID error; none for any other error. */
export function faultsOfError(error: SpooldError): readonly Fault[] {
  return error.code === "TASK_INVALID" ? (error.facts["faults"] as readonly Fault[]) : [];
}

/** One line a fault, for people. Control characters in it are escaped: the text may come from anybody. */
export function describeFault({ pointer, expected, received, nearest }: Fault): string {
  const got = received === undefined ? "" : `, got ${received}`;
  const hint = nearest === undefined ? "" : ` (did you mean "${nearest}"?)`;
  const line = `${pointer === "" ? "the file" : pointer}: expected ${expected}${got}${hint}`;
  return line.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function invalid(faults: readonly Fault[]): SpooldError {
  return new SpooldError("TASK_INVALID", { faults, count: faults.length });
}

/** The first fault at each place: zod measures the length of a list even where it wants text. */
function firstEach(faults: readonly Fault[]): Fault[] {
  return [...new Map(faults.toReversed().map((fault) => [fault.pointer, fault])).values()].toReversed();
}

function faultsOf(issue: z.core.$ZodIssue, root: unknown): Fault[] {
  const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
  if (issue.code === "unrecognized_keys") {
    const known = membersAt(path);
    return issue.keys.map((key) => ({
      pointer: pointerTo([...path, key]),
      expected: `one of ${known.join(", ")}`,
      ...withReceived(valueAt(root, [...path, key])),
      nearest: closest(key, known),
    }));
  }
  const received = valueAt(root, path);
  const nearest =
    issue.code === "invalid_value" && typeof received === "string"
      ? closest(received, issue.values.map(String))
      : undefined;
  const fault = { pointer: pointerTo(path), expected: expectationOf(issue), ...withReceived(received) };
  return [nearest === undefined ? fault : { ...fault, nearest }];
}

function expectationOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.expected === "int"
        ? "a whole number"
        : `${/^[aeiou]/.test(issue.expected) ? "an" : "a"} ${issue.expected}`;
    case "invalid_value":
      return `one of ${issue.values.map((word) => JSON.stringify(word)).join(", ")}`;
    case "too_small":
      return issue.origin === "string" || issue.origin === "array"
        ? `at least ${issue.minimum} ${issue.origin === "string" ? "character" : "member"}`
        : `at least ${issue.minimum}`;
    case "too_big":
      return issue.origin === "string" || issue.origin === "array"
        ? `at most ${issue.maximum} ${issue.origin === "string" ? "characters" : "members"}`
        : `at most ${issue.maximum}`;
    case "invalid_format":
      return "64 hexadecimal digits";
    default:
      return issue.message;
  }
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

function membersAt(path: readonly (string | number)[]): string[] {
  const object = path.length === 0 ? taskSchema : taskSchema.shape.outputs.element;
  return Object.keys(object.shape).filter((member) => member !== "key");
}

function pointerTo(path: readonly (string | number)[]): string {
  return path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function valueAt(root: unknown, path: readonly (string | number)[]): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

function withReceived(value: unknown): { received?: string } {
  return value === undefined ? {} : { received: jsonOf(value).slice(0, 200) };
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? typeof value;
  } catch {
    // Nested too deeply for the stack, cyclic, or a bigint: a wrong value must not become another error.
    return typeof value;
  }
}
