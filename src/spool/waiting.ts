import type { Dirent } from "node:fs";
import { ignoring, type System } from "../system.ts";
import { readName } from "../task/name.ts";
import type { Layout } from "./layout.ts";

/**
 * Whether anything waits that a daemon would take now: a task or a drop in `tasks/`, something due in `deferred/`.
 * Names alone tell, and the first one is enough, so that it costs next to nothing when much waits.
 * @param known what counts as seen to, as `state/name`
 * @returns false also when there is no spool
 */
export async function somethingWaits(
  system: System,
  layout: Pick<Layout, "tasks" | "deferred">,
  known: ReadonlySet<string> = new Set(),
): Promise<boolean> {
  const nowMs = system.nowMs();
  const isNews = (state: "tasks" | "deferred", { name }: Dirent): boolean => !known.has(`${state}/${name}`);
  return (
    (await holdsOne(system, layout.tasks, (found) => isTaken(found) && isNews("tasks", found))) ||
    (await holdsOne(system, layout.deferred, (found) => isDue(found, nowMs) && isNews("deferred", found)))
  );
}

/**
 * Whether `tasks/` holds nothing that a path unit of systemd sees, which starts a daemon as long as it does: hidden files
 * and backups are passed over, and nothing else is.
 */
export async function looksEmpty(system: System, layout: Pick<Layout, "tasks">): Promise<boolean> {
  return !(await holdsOne(system, layout.tasks, ({ name }) => !/^\.|~$/.test(name)));
}

/** Whether a directory holds one entry at least that is as wanted; false when it is not there. */
export async function holdsOne(
  { fs }: System,
  directory: string,
  isWanted: (found: Dirent) => boolean,
): Promise<boolean> {
  const entries = await ignoring(["ENOENT", "ENOTDIR"], fs.opendir(directory));
  if (entries === undefined) return false;
  // Leaving the loop closes the directory.
  for await (const found of entries) if (isWanted(found)) return true;
  return false;
}

function isTaken(found: Dirent): boolean {
  const { kind } = readName(found.name);
  return (kind === "task" || kind === "unnumbered") && found.isFile();
}

function isDue({ name }: Dirent, nowMs: number): boolean {
  const kind = readName(name);
  return kind.kind === "task" && kind.entry.dueAtMs <= nowMs;
}
