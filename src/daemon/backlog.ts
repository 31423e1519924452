import { join } from "node:path";
import { scanDeferred } from "../spool/deferred.ts";
import type { TaskEntry } from "../spool/entries.ts";
import { isSpent } from "../spool/finish.ts";
import { putBack } from "../spool/intake.ts";
import { scanTasks } from "../spool/scan.ts";
import { type Fingerprint, leftAlone, readTaskFile } from "../spool/task-file.ts";
import { ignoring } from "../system.ts";
import { compareEntries } from "../task/name.ts";
import type { Task } from "../task/task.ts";
import type { DaemonContext } from "./context.ts";
import { openDrops } from "./drops.ts";
import { type Busy, createBusy, type Touches, touchesOf } from "./touches.ts";

/** A task that may start now. */
export interface Candidate {
  readonly entry: TaskEntry;
  readonly fingerprint: Fingerprint;
  readonly task: Task;
  readonly touches: Touches;
}

/** What waits, as the last look at the spool showed it. Directories are the truth; this is a window on them. */
export interface Backlog {
  /** Looks at the directories anew, and takes in drops that have settled. */
  look(): Promise<void>;
  /**
   * The next task to start: the first in order that touches no file in use, or that an earlier one must touch first.
   * It leaves the window.
   */
  next(running: Iterable<Touches>): Promise<Candidate | undefined>;
  /** How many tasks and settling drops the last look saw and nobody has taken since. */
  waiting(): number;
  /** Whether the window has run out while more waits beyond it. */
  hasRunDry(): boolean;
  /** In how many ms another look may find something that needs no bell: a settled drop, a deferred task. */
  nextLookMs(): number;
  rejected(): number;
  /** How many files with a task's name could not be read when last looked at: they are left where they are. */
  unreadable(): number;
}

/** Entries kept of a look: so many that looks at a huge directory stay rare, so few that memory stays small. */
const WINDOW = 8_192;
/** How far ahead a task may overtake others that wait for files in use. */
const MAX_BLOCKED = 64;

/** Tasks that are read at a look, before their turn. */
const READ_AHEAD = 64;

export function openBacklog(context: DaemonContext): Backlog {
  const { system, layout, roots } = context;
  const drops = openDrops(context);
  const unreadable = new Set<string>();
  const inspected = new Map<string, Candidate>();
  let window: TaskEntry[] = [];
  let beyond = 0;
  let nextDueAtMs = Number.POSITIVE_INFINITY;

  return {
    async look() {
      unreadable.clear();
      const tasks = await scanTasks(system, layout, WINDOW);
      // One of those that come next may be no task of ours: it begins to settle now, not when its turn has come.
      for (const entry of tasks.entries.slice(0, READ_AHEAD)) if (!drops.has(entry.file)) await inspect(entry);
      await drops.tend(tasks);
      const deferred = await scanDeferred(system, layout, system.nowMs(), WINDOW);
      nextDueAtMs = deferred.nextDueAtMs;
      const waiting = tasks.entries.filter(({ file }) => !drops.has(file));
      window = [...deferred.due, ...waiting].sort(compareEntries);
      beyond = tasks.total - tasks.entries.length - tasks.drops.length;
      const present = new Set(window.map(keyOfEntry));
      for (const key of inspected.keys()) if (!present.has(key)) inspected.delete(key);
    },
    async next(running) {
      const busy = createBusy();
      for (const touches of running) busy.add(touches);
      for (let index = 0, blocked = 0; index < window.length && blocked < MAX_BLOCKED; ) {
        const entry = window[index] as TaskEntry;
        const candidate = await refreshed(await inspect(entry), busy);
        if (candidate === undefined) {
          window.splice(index, 1);
        } else if (busy.conflicts(candidate.touches)) {
          busy.add(candidate.touches);
          blocked += 1;
          index += 1;
        } else {
          window.splice(index, 1);
          inspected.delete(keyOfEntry(entry));
          return candidate;
        }
      }
      return undefined;
    },
    waiting: () => window.length + beyond + drops.settling(),
    hasRunDry: () => window.length === 0 && beyond > 0,
    nextLookMs: () => Math.min(drops.nextLookMs(), nextDueAtMs - system.nowMs()),
    rejected: drops.rejected,
    unreadable: () => unreadable.size,
  };

  /** Links may have changed since a task was read: before it starts, what it touches is worked out anew. */
  async function refreshed(candidate: Candidate | undefined, busy: Busy): Promise<Candidate | undefined> {
    if (candidate === undefined || busy.conflicts(candidate.touches)) return candidate;
    return { ...candidate, touches: await touchesOf(system, candidate.task, roots) };
  }

  /** Reads a task once. @returns undefined when it is none that can start: gone, a drop, or unreadable */
  async function inspect(entry: TaskEntry): Promise<Candidate | undefined> {
    const key = keyOfEntry(entry);
    const known = inspected.get(key);
    if (known !== undefined) return known;
    const file = await readTaskFile(system, join(layout[entry.state], entry.file)).catch(leftAlone);
    if (file.kind === "unreadable") {
      if (!file.gone) unreadable.add(entry.file);
      if (!file.gone) drops.report(entry.file, file.because);
      return undefined;
    }
    if (file.kind !== "committed") return handOver(entry, "unkeyed");
    if (await isSpent(system, layout, entry.number)) return handOver(entry, "spent");
    const touches = await touchesOf(system, file.task, roots);
    const candidate = { entry, fingerprint: file.fingerprint, task: file.task, touches };
    inspected.set(key, candidate);
    return candidate;
  }

  /** To the drops: intake settles it, and gives it a number that is free. */
  async function handOver(entry: TaskEntry, because: "unkeyed" | "spent"): Promise<undefined> {
    if (entry.state === "tasks") drops.note(entry.file, because);
    else await ignoring(["ENOENT"], putBack(system, layout, join(layout.deferred, entry.file), entry.file));
  }
}

function keyOfEntry({ state, file }: TaskEntry): string {
  return `${state}/${file}`;
}
