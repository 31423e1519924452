import { join } from "node:path";
import { ignoring, type System, syncDirectory } from "../system.ts";
import { activeName, type EntryName } from "../task/name.ts";
import type { TaskEntry } from "./entries.ts";
import { putBack } from "./intake.ts";
import type { Layout } from "./layout.ts";
import { type Fingerprint, fingerprintOf, isSameFile } from "./task-file.ts";

/** A task whose attempt is counted on disk and may start. */
export interface ActiveTask extends EntryName {
  /** Its file in `active/`, absolute. */
  readonly path: string;
}

/**
 * Claims a task: its attempt is counted by the new name, and durable, before any work starts. A picture that takes
 * the machine down with it is so never tried for ever.
 * @param seen the file as it was read before: what was checked is what runs
 * @returns undefined when the file has moved or changed since
 */
export async function claim(
  system: System,
  layout: Layout,
  entry: TaskEntry,
  seen: Fingerprint,
): Promise<ActiveTask | undefined> {
  const from = join(layout[entry.state], entry.file);
  const path = join(layout.active, activeName(entry));
  const moved = await ignoring(
    ["ENOENT"],
    system.fs.rename(from, path).then(() => true),
  );
  if (moved === undefined) return undefined;
  if (!isSameFile(await fingerprintOf(system, path), seen)) {
    await putBack(system, layout, path, entry.file);
    return undefined;
  }
  await Promise.all([syncDirectory(system, layout.active), syncDirectory(system, layout[entry.state])]);
  return { number: entry.number, priority: entry.priority, attempt: entry.attempt, dueAtMs: 0, path };
}
