import { createHash } from "node:crypto";
import { SpooldError } from "../errors.ts";
import { isHandlerTask, type Task } from "./task.ts";
import { MAX_TASK_BYTES } from "./text.ts";

/**
 * The key of a task: sha256 of the canonical form of its instructions. Two tasks with the same key make the same
 * pictures or ask a handler for the same, whoever asked for them.
 * @returns 64 hexadecimal digits
 */
export function keyOf(task: Task): string {
  const instructions = isHandlerTask(task)
    ? { handler: task.handler, data: task.data }
    : { source: task.source, outputs: task.outputs };
  return createHash("sha256").update(canonicalJson(instructions)).digest("hex");
}

/** Whether the task says by its key that enqueue wrote it whole and nobody has changed its instructions since. */
export function hasOwnKey(task: Task): boolean {
  // A delay counts from the moment at which the task is taken in, so that a file that still has one has not been.
  return task.key === keyOf(task) && task.delay === undefined;
}

/**
 * The bytes of a task file as enqueue writes it: the key first, pretty for people who `cat` it.
 * @throws TASK_TOO_LARGE when nobody would read it again
 */
export function encodeTask(task: Task): Buffer {
  const { key: _replaced, ...rest } = task;
  const bytes = Buffer.from(`${JSON.stringify({ key: keyOf(task), ...rest }, null, 2)}\n`);
  if (bytes.length <= MAX_TASK_BYTES) return bytes;
  throw new SpooldError("TASK_TOO_LARGE", { bytes: bytes.length, limit: MAX_TASK_BYTES });
}

/** JSON with sorted members and no white space: equal values give equal text. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(",")}}`;
}
