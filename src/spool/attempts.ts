import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { ignoring, type System, syncDirectory, unlinkIfThere, writeDurably } from "../system.ts";
import type { AttemptRecord } from "../task/outcome.ts";
import type { Layout } from "./layout.ts";

/** What is known of the earlier attempts of a task that is not yet at its end, oldest first. */
export async function readAttempts({ fs }: System, layout: Layout, number: number): Promise<readonly AttemptRecord[]> {
  const text = await ignoring(["ENOENT"], fs.readFile(pathOf(layout, number), "utf8"));
  return text === undefined ? [] : recordsIn(text);
}

/**
 * Adds a record, durably. Written before the task moves on: a crash between the two leaves a record too many of an
 * attempt that is recorded again later, so the attempt's number decides and the later record wins. Records of later
 * attempts are of a life that a person has ended by moving the task back: its attempts began at 1 again.
 */
export async function recordAttempt(
  system: System,
  layout: Layout,
  number: number,
  record: AttemptRecord,
): Promise<void> {
  const earlier = await readAttempts(system, layout, number);
  const records = [...earlier.filter(({ attempt }) => attempt < record.attempt), record];
  const temporary = join(layout.tmp, `${randomUUID()}.json`);
  await writeDurably(system, temporary, Buffer.from(`${JSON.stringify(records, null, 2)}\n`));
  await system.fs.rename(temporary, pathOf(layout, number));
  await Promise.all([syncDirectory(system, layout.attempts), syncDirectory(system, layout.tmp)]);
}

/** Forgets the attempts of a task that has ended: its receipt or reason holds what matters. */
export async function forgetAttempts(system: System, layout: Layout, number: number): Promise<void> {
  await unlinkIfThere(system, pathOf(layout, number));
}

/** A file that was damaged counts as none: what it held is for people, and for counting crashes. */
function recordsIn(text: string): readonly AttemptRecord[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? (value as AttemptRecord[]) : [];
  } catch {
    // Not JSON: see above.
    return [];
  }
}

function pathOf(layout: Layout, number: number): string {
  return join(layout.attempts, `${number}.json`);
}
