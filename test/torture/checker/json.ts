/** JSON as the checker meets it: nothing that it reads is trusted to have any shape. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

export type Members = Readonly<Record<string, unknown>>;

/** @returns undefined for what is no object in whole JSON */
export function membersOf(text: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isMembers(value) ? value : undefined;
  } catch {
    // Not JSON: the caller says what that means.
    return undefined;
  }
}

export function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function listIn(value: unknown): readonly Members[] {
  return Array.isArray(value) ? value.filter(isMembers) : [];
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The bytes of a file; undefined when it is not there. */
export async function bytesOf(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (["ENOENT", "ENOTDIR", "EISDIR"].includes(error.code ?? "")) return undefined;
    throw error;
  });
}

/**
 * The lines of a file of which each is an object. One that has no end is what its writer was killed at: it says nothing.
 * @returns none for a file that is not there
 */
export async function linesOf(path: string): Promise<readonly Members[]> {
  const lines = ((await bytesOf(path)) ?? "").toString().split("\n").slice(0, -1);
  return lines.map((line, index) => {
    const members = membersOf(line);
    if (members === undefined) throw new SyntaxError(`${path}:${index + 1} is no JSON`);
    return members;
  });
}

/** Of instructions that are the same the same text: members sorted, no white space, nothing that is undefined. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isMembers(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort((a, b) => (a < b ? -1 : 1));
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

/** What `key` must say of a task: the digest of its instructions. */
export function keyOf(task: Members): string {
  const { source, outputs, handler, data } = task;
  return sha256(canonical(handler === undefined ? { source, outputs } : { handler, data }));
}
