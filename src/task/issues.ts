import { closest } from "fastest-levenshtein";
import * as z from "zod";
import { ENCODERS, FORMATS } from "../image/vocabulary/encoders.ts";
import type { Fault } from "./faults.ts";
import { readAs } from "./read-as.ts";
import { knownMembers, knownWords, type Path, schemaAt } from "./schema-at.ts";
import { formatOf, taskSchema } from "./task.ts";

type Issue = z.core.$ZodIssue;

/** What was checked, against what, and where in the file it stands. */
interface Checked {
  readonly root: unknown;
  readonly schema: z.ZodType;
  readonly base: Path;
}

/** What a task may hold instead of outputs; checked by a schema of its own. */
const ORDER_MEMBERS = ["recipe", "vars"];

/**
 * What a schema found wrong, as faults: one for each place.
 * @param root the value that was checked
 */
export function faultsOfIssues(
  issues: readonly Issue[],
  root: unknown,
  schema: z.ZodType = taskSchema,
): readonly Fault[] {
  return firstEach(issues.flatMap((issue) => faultsOf(issue, { root, schema, base: [] })));
}

/** What is wrong with an output's `encode` for the format that the output has. @param path where the output stands */
export function encodeFaults(output: unknown, path: Path): readonly Fault[] {
  const known = readAs(
    z.object({ file: z.string(), format: z.enum(FORMATS).optional(), tile: z.unknown().optional() }),
    output,
  );
  const format = known.success ? formatOf(known.data) : undefined;
  // Without a format there is no telling; that it has none is a fault of its own.
  if (format === undefined) return [];
  const root = valueAt(output, ["encode"]);
  const schema = ENCODERS[format].options;
  const issues = readAs(schema, root).error?.issues ?? [];
  return firstEach(issues.flatMap((issue) => faultsOf(issue, { root, schema, base: [...path, "encode"] })));
}

/** The first fault at each place: zod measures the length of a list even where it wants text. */
function firstEach(faults: readonly Fault[]): Fault[] {
  return [...new Map(faults.toReversed().map((fault) => [fault.pointer, fault])).values()].toReversed();
}

function faultsOf(issue: Issue, checked: Checked): readonly Fault[] {
  const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
  if (checked.base.length === 0 && path[0] === "outputs" && path[2] === "encode")
    return encodeFaults(valueAt(checked.root, path.slice(0, 2)), path.slice(0, 2));
  if (issue.code === "invalid_union") return faultsOfUnion(issue, path, checked);
  const schema = schemaAt(checked.schema, path);
  if (issue.code === "unrecognized_keys") {
    const known = [...knownMembers(schema), ...(schema === taskSchema ? ORDER_MEMBERS : [])];
    return issue.keys.map((key) =>
      faultAt([...path, key], { expected: `one of ${known.join(", ")}`, known, word: key }, checked),
    );
  }
  const received = valueAt(checked.root, path);
  const word = typeof received === "string" ? received : undefined;
  return [faultAt(path, { expected: expectationOf(issue), known: knownWords(schema), word }, checked)];
}

/** None of several forms fits. Where the value is of one form's kind, that form's faults tell most; else one sentence. */
function faultsOfUnion(issue: z.core.$ZodIssueInvalidUnion, path: Path, checked: Checked): readonly Fault[] {
  const near = issue.errors.filter((issues) => !issues.some(isOfAnotherKind));
  const [only] = near;
  if (only !== undefined && near.length === 1)
    return only.flatMap((inner) => faultsOf({ ...inner, path: [...path, ...inner.path] }, checked));
  const received = valueAt(checked.root, path);
  const word = typeof received === "string" ? received : undefined;
  const known = knownWords(schemaAt(checked.schema, path));
  return [faultAt(path, { expected: issue.message, known, word }, checked)];
}

function isOfAnotherKind({ path, code }: Issue): boolean {
  return path.length === 0 && (code === "invalid_type" || code === "invalid_value" || code === "invalid_format");
}

interface Expectation {
  readonly expected: string;
  /** The words that might have been meant by `word`. */
  readonly known: readonly string[];
  readonly word: string | undefined;
}

function faultAt(path: Path, { expected, known, word }: Expectation, { root, base }: Checked): Fault {
  const fault = { pointer: pointerTo([...base, ...path]), expected, ...withReceived(valueAt(root, path)) };
  return word === undefined || known.length === 0 ? fault : { ...fault, nearest: closest(word, known) };
}

/** What zod calls by other words than a writer of JSON does. */
const KINDS: Readonly<Record<string, string>> = { int: "a whole number", record: "an object" };

function expectationOf(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return KINDS[issue.expected] ?? `${/^[aeiou]/.test(issue.expected) ? "an" : "a"} ${issue.expected}`;
    case "invalid_value":
      return `${issue.values.length > 1 ? "one of " : ""}${issue.values.map((word) => JSON.stringify(word)).join(", ")}`;
    case "too_small":
      return issue.origin === "string" || issue.origin === "array"
        ? `at least ${issue.minimum} ${issue.origin === "string" ? "character" : "member"}`
        : `at least ${issue.minimum}`;
    case "too_big":
      return issue.origin === "string" || issue.origin === "array"
        ? `at most ${issue.maximum} ${issue.origin === "string" ? "characters" : "members"}`
        : `at most ${issue.maximum}`;
    default:
      return issue.message;
  }
}

/** The JSON pointer (RFC 6901) of a path. */
export function pointerTo(path: Path): string {
  return path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function valueAt(root: unknown, path: Path): unknown {
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
