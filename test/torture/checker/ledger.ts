/**
 * What producers were promised. Each writes a ledger of its own, a line for each number that `enqueue` has given it:
 *
 *     {"at":1795251600000,"number":42,"sha256":"9f2c…","key":"51aa…","summary":"anna 17",
 *      "maxAttempts":null,"outputs":["out/a.jpg"]}
 *
 * `sha256` is that of the task file as it was first seen in the spool, and `key` what it says; both are null when it was
 * under way already. `outputs` are the files that its task names, a handler's `writes` among them. A line is written when
 * `enqueue` has resolved: a number that a producer was killed before it could write down may be in the spool as well.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { bytesOf, linesOf, type Members, membersOf, sha256 } from "./json.ts";

/** A number that a producer was given. */
export interface Accepted {
  /** ms since epoch. */
  readonly at: number;
  readonly number: number;
  readonly sha256: string | null;
  readonly key: string | null;
  readonly summary: string | null;
  /** What the task itself says of it. */
  readonly maxAttempts: number | null;
  readonly outputs: readonly string[];
}

/** Writes down, in one write, that a number was given for a task. */
export async function noteAccepted(ledger: string, spool: string, number: number, task: Members): Promise<void> {
  const bytes = await bytesOf(join(spool, "tasks", nameOf(number, task["priority"])));
  const key = membersOf(bytes?.toString() ?? "")?.["key"] ?? null;
  const line = {
    at: Date.now(),
    number,
    sha256: bytes === undefined ? null : sha256(bytes),
    key,
    summary: task["summary"] ?? null,
    maxAttempts: task["maxAttempts"] ?? null,
    outputs: filesOf(task),
  };
  appendFileSync(ledger, `${JSON.stringify(line)}\n`);
}

export async function readLedger(path: string): Promise<readonly Accepted[]> {
  return (await linesOf(path)).map((line) => ({
    at: Number(line["at"]),
    number: Number(line["number"]),
    sha256: wordIn(line["sha256"]),
    key: wordIn(line["key"]),
    summary: wordIn(line["summary"]),
    maxAttempts: typeof line["maxAttempts"] === "number" ? line["maxAttempts"] : null,
    outputs: Array.isArray(line["outputs"]) ? line["outputs"].map(String) : [],
  }));
}

/** The files that a task names as its results. */
export function filesOf({ outputs, writes }: Members): readonly string[] {
  const named = Array.isArray(outputs) ? outputs.map((output: Members) => output["file"]) : writes;
  return Array.isArray(named) ? named.map(String) : [];
}

function nameOf(number: number, priority: unknown): string {
  return typeof priority === "number" && priority > 0 ? `${number}.p${priority}.json` : `${number}.json`;
}

function wordIn(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
