import { join } from "node:path";
import type { SpooldError } from "../errors.ts";
import { putOff } from "../spool/claim.ts";
import { placeOf, type TaskEntry } from "../spool/entries.ts";
import { isSpent } from "../spool/finish.ts";
import { putBack } from "../spool/intake.ts";
import { type Fingerprint, leftAlone, readTaskFile } from "../spool/task-file.ts";
import { ignoring } from "../system.ts";
import type { Task } from "../task/task.ts";
import type { DaemonContext } from "./context.ts";
import type { Drops } from "./drops.ts";
import type { Holder } from "./order.ts";
import { EVERYTHING, NOTHING, type Touches, touchesOf } from "./touches.ts";

/** A task that may start now. */
export interface Candidate {
  readonly entry: TaskEntry;
  readonly fingerprint: Fingerprint;
  readonly task: Task;
  readonly touches: Touches;
  /** Why it fails without having run: what it waits for will never be done. */
  readonly refused?: SpooldError;
}

/** What the files of those that wait say, each read once. */
export interface Candidates {
  /** Reads a task. @returns undefined when it is none that can start: gone, a drop, put off, or unreadable */
  inspect(entry: TaskEntry): Promise<Candidate | undefined>;
  /** What these tasks hold; one that cannot start holds nothing. */
  holdersOf(entries: readonly TaskEntry[]): Promise<readonly Holder[]>;
  /** What a task touches, links resolved as they are now. */
  touchesNow(task: Task): Promise<Touches>;
  forget(entry: TaskEntry): void;
  /** Forgets all but these. */
  keepOnly(entries: readonly TaskEntry[]): void;
  /** Names of files that could not be read since the last look began. */
  unreadable(): ReadonlySet<string>;
  /** A look begins: what could not be read may be readable now. */
  lookAgain(): void;
}

/** @param deferred told when a task has gone to `deferred/` because its time has not come, with that time */
export function openCandidates(context: DaemonContext, drops: Drops, deferred: (dueAtMs: number) => void): Candidates {
  const { system, layout, roots, settings } = context;
  const inspected = new Map<string, Candidate>();
  let unreadable = new Set<string>();

  return {
    inspect,
    async holdersOf(entries) {
      const holders: Holder[] = [];
      for (const entry of entries)
        holders.push({ number: entry.number, touches: (await inspect(entry))?.touches ?? NOTHING });
      return holders;
    },
    touchesNow,
    forget(entry) {
      inspected.delete(placeOf(entry));
    },
    keepOnly(entries) {
      const places = new Set(entries.map(placeOf));
      for (const place of inspected.keys()) if (!places.has(place)) inspected.delete(place);
    },
    unreadable: () => unreadable,
    lookAgain() {
      unreadable = new Set();
    },
  };

  function touchesNow(task: Task): Promise<Touches> {
    return settings.strict ? Promise.resolve(EVERYTHING) : touchesOf(system, task, roots);
  }

  async function inspect(entry: TaskEntry): Promise<Candidate | undefined> {
    const place = placeOf(entry);
    const known = inspected.get(place);
    if (known !== undefined) return known;
    const file = await readTaskFile(system, join(layout[entry.state], entry.file)).catch(leftAlone);
    if (file.kind === "unreadable") {
      if (!file.gone) unreadable.add(entry.file);
      if (!file.gone) drops.report(entry.file, file.because);
      return undefined;
    }
    if (file.kind !== "committed") return handOver(entry, "unkeyed");
    if (await isSpent(context, entry.number)) return handOver(entry, "spent");
    const { task, fingerprint } = file;
    const runAtMs = Date.parse(task.runAt ?? "");
    // A person who moves it here from deferred/, with the time in its name, wants it now.
    if (entry.state === "tasks" && entry.dueAtMs === 0 && runAtMs > system.nowMs()) {
      await putOff(system, layout, entry, { seen: fingerprint, dueAtMs: runAtMs });
      deferred(runAtMs);
      return undefined;
    }
    const candidate = { entry, fingerprint, task, touches: await touchesNow(task) };
    inspected.set(place, candidate);
    return candidate;
  }

  /** To the drops: intake settles it, and gives it a number that is free. */
  async function handOver(entry: TaskEntry, because: "unkeyed" | "spent"): Promise<undefined> {
    if (entry.state === "tasks") drops.note(entry.file, because);
    else await ignoring(["ENOENT"], putBack(system, layout, join(layout.deferred, entry.file), entry.file));
  }
}
