import { closest } from "fastest-levenshtein";
import type { z } from "zod";
import type { Fault } from "./faults.ts";
import { taskSchema } from "./task.ts";

type Issue = z.core.$ZodIssue;

/** What a task may say at its top, with its outputs or with a recipe instead. */
const TASK_MEMBERS = [...Object.keys(taskSchema.shape).filter((member) => member !== "key"), "recipe", "vars"];

/**
 * What a schema found wrong, as faults: one for each place.
 * @param root the value that was checked
 * @param members what may stand at its top
 */
export function faultsOfIssues(
  issues: readonly Issue[],
  root: unknown,
  members: readonly string[] = TASK_MEMBERS,
): readonly Fault[] {
  return firstEach(issues.flatMap((issue) => faultsOf(issue, root, members)));
}

/** The JSON pointer (RFC 6901) of a path. */
export function pointerTo(path: readonly (string | number)[]): string {
  return path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The first fault at each place: zod measures the length of a list even where it wants text. */
function firstEach(faults: readonly Fault[]): Fault[] {
  return [...new Map(faults.toReversed().map((fault) => [fault.pointer, fault])).values()].toReversed();
}

function faultsOf(issue: Issue, root: unknown, members: readonly string[]): Fault[] {
  const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
  if (issue.code === "unrecognized_keys") {
    const known = path.length === 0 ? members : membersOfOutput();
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

function expectationOf(issue: Issue): string {
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

function membersOfOutput(): string[] {
  return Object.keys(taskSchema.shape.outputs.element.shape);
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
