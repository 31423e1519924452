import { join } from "node:path";
import { ignoring, type System } from "../system.ts";
import { compareEntries, type EntryName, readName } from "../task/name.ts";
import type { Receipt } from "../task/outcome.ts";
import { MAX_TASK_BYTES, parseObject } from "../task/text.ts";
import type { Layout, State } from "./layout.ts";

/** A task or drop as a list shows it. */
export interface Listed {
  readonly state: State;
  /** Null for a drop that has none yet, or never had one. */
  readonly number: number | null;
  readonly file: string;
  readonly priority: number;
  readonly attempt: number;
  /** When the attempt is due, ISO 8601; null where it waits for no time. */
  readonly dueAt: string | null;
  readonly supplicant: string | null;
  readonly summary: string | null;
  /** Since the file was written. */
  readonly ageMs: number;
  /** How it has ended, as its receipt says; null where it has none. */
  readonly status: Receipt["status"] | null;
}

/** Where the time in a name counts; elsewhere it is left of what a person has moved there. */
const WAITS_FOR_TIME: ReadonlySet<State> = new Set<State>(["deferred", "held"]);

/** So many files are open at once at most. */
const MAX_OPEN = 64;

/**
 * The tasks in one state, in the order in which they start. Only what is looked at is opened.
 * @param limit how many to list at most
 * @param passes which ones to list; all where it is not given
 */
export async function listState(
  system: System,
  layout: Layout,
  state: State,
  limit: number,
  passes: (row: Listed) => boolean = () => true,
): Promise<Listed[]> {
  const found: { file: string; entry: EntryName | undefined }[] = [];
  for await (const dirent of await system.fs.opendir(layout[state], { bufferSize: 1_024 })) {
    const { name: file } = dirent;
    const kind = readName(file);
    if (!dirent.isFile()) continue;
    if (kind.kind === "task" && state !== "rejected") found.push({ file, entry: kind.entry });
    else if (isShownByName(state, file, kind.kind)) found.push({ file, entry: undefined });
  }
  found.sort((a, b) => {
    if (a.entry && b.entry) return compareEntries(a.entry, b.entry);
    if (a.entry || b.entry) return a.entry ? -1 : 1;
    return a.file < b.file ? -1 : 1;
  });
  const listed: Listed[] = [];
  for (let at = 0; at < found.length && listed.length < limit; ) {
    const group = found.slice(at, at + Math.min(MAX_OPEN, limit - listed.length));
    at += group.length;
    const rows = await Promise.all(group.map(({ file, entry }) => describe(system, layout, state, file, entry)));
    for (const row of rows) if (row !== undefined && passes(row)) listed.push(row);
  }
  return listed;
}

function isShownByName(state: State, file: string, kind: string): boolean {
  return state === "rejected" ? !file.endsWith(".reason.json") : state === "tasks" && kind === "unnumbered";
}

/** @returns undefined when it has moved on meanwhile */
async function describe(
  system: System,
  layout: Layout,
  state: State,
  file: string,
  entry: EntryName | undefined,
): Promise<Listed | undefined> {
  const path = join(layout[state], file);
  const stat = await ignoring(["ENOENT"], system.fs.lstat(path));
  if (stat === undefined) return undefined;
  // What was rejected for its size may be larger than memory.
  const isRead = stat.isFile() && stat.size <= MAX_TASK_BYTES;
  const content = isRead ? await ignoring(["ENOENT", "EACCES"], system.fs.readFile(path, "utf8")) : undefined;
  const object = content === undefined ? undefined : parseObject(content);
  return {
    state,
    number: entry?.number ?? null,
    file,
    priority: entry?.priority ?? 0,
    attempt: entry?.attempt ?? 1,
    dueAt: !entry?.dueAtMs || !WAITS_FOR_TIME.has(state) ? null : new Date(entry.dueAtMs).toISOString(),
    supplicant: textOf(object?.["supplicant"]),
    summary: textOf(object?.["summary"]),
    ageMs: Math.max(0, Math.round(system.nowMs() - stat.mtimeMs)),
    status: state === "done" ? statusOf(object?.["status"]) : null,
  };
}

/** A receipt that a person has written may say anything. */
function statusOf(value: unknown): Listed["status"] {
  return value === "done" || value === "fresh" || value === "cancelled" ? value : null;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
