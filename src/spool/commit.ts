import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { errnoOf, toSpooldError } from "../errors.ts";
import { ignoring, ownerToGive, type System, syncDirectory, writeDurably } from "../system.ts";
import { waitingName } from "../task/name.ts";
import { withAddLock } from "./add-lock.ts";
import { findTask, isNumberUsed } from "./find.ts";
import type { Layout } from "./layout.ts";
import { createLeftovers } from "./leftovers.ts";
import { findDuplicate, type Marks, placeMarks, removeMarks, syncMarks } from "./marks.ts";
import { openPruned } from "./pruned.ts";
import type { Sequence } from "./sequence.ts";

/** What is to become a task in `tasks/`. */
interface NewTask {
  readonly bytes: Uint8Array;
  readonly priority: number;
  /** Whether it is to outlive a power cut as well as kill -9, which takes fsyncs; default true. */
  readonly isDurable?: boolean;
  /** The number that a person gave it; taken unless it was used before. */
  readonly wanted?: number;
  /** What it is to be found by; none when it is left out. */
  readonly marks?: Marks;
  /** The drop that this is the copy of: removed once the copy is committed. Its nonce names the temporary too. */
  readonly replaces?: { readonly path: string; readonly nonce: string };
}

export interface Committer {
  /**
   * Commits a task: once the promise resolves it survives kill -9 and power loss; when it rejects, nothing was queued.
   * Calls that overlap share one hold of the lock and one directory fsync, and get numbers in the order of the calls.
   * @returns the task's number; that of another one when its marks say that the same is queued already
   * @throws DISK_FULL, DISK_READ_ONLY or IO_ERROR, with the cause
   */
  commit(task: NewTask): Promise<Committed>;
  /** Removes drops that could not be removed when their copies were committed. Never fails. */
  tidy(): Promise<void>;
}

/** What came of a commit. */
interface Committed {
  readonly number: number;
  /** False when nothing was queued, because the same task was queued before and has not ended. */
  readonly isNew: boolean;
}

interface Pending extends NewTask {
  readonly temporary: string;
  /** Settles to the error of the write, or to undefined when the temporary is whole and durable. */
  written?: Promise<Error | undefined>;
  readonly resolve: (committed: Committed) => void;
  readonly reject: (error: Error) => void;
}

interface Linked {
  readonly pending: Pending;
  readonly number: number;
  readonly path: string;
}

/** A group while it is committed. */
interface Group {
  readonly linked: Linked[];
  /** Those that are queued already, and their numbers. */
  readonly duplicates: Map<Pending, number>;
  /** Directories of marks that are not durable yet. */
  readonly marked: string[];
}

const NO_MARKS: Marks = { dedupe: undefined, batch: undefined };

/**
 * No hold of the add lock commits more than this, so that other producers get their turn. While one group is being
 * committed no more than the next is written, so that thousands of calls do not use up the descriptors.
 */
const MAX_GROUP = 256;

/**
 * The way of a task into the spool:
 *   tmp/x created exclusively, written, fsynced → link to tasks/N → fsync of tasks/ → unlink tmp/x → resolved.
 */
export function openCommitter(system: System, layout: Layout, sequence: Sequence): Committer {
  const { fs } = system;
  const pruned = openPruned(system, layout);
  const leftovers = createLeftovers(system, layout.tmp);
  const waiting: Pending[] = [];
  let busy = false;

  return {
    commit(task) {
      const temporary = join(layout.tmp, `${task.replaces?.nonce ?? randomUUID()}.json`);
      return new Promise<Committed>((resolve, reject) => {
        const pending: Pending = { ...task, temporary, resolve, reject };
        if (waiting.push(pending) <= MAX_GROUP) void write(pending);
        void commitGroups();
      });
    },
    tidy: leftovers.removeAgain,
  };

  /** Commits all that is waiting, group by group. Never rejects: each failure goes to its own caller. */
  async function commitGroups(): Promise<void> {
    if (busy) return;
    busy = true;
    while (waiting.length > 0) {
      await waiting[0]?.written; // meanwhile others join the group
      const { group, again } = firstOfEachWord(await withoutFailed(waiting.splice(0, MAX_GROUP)));
      // They are committed with the next group, which finds the first ones.
      waiting.unshift(...again);
      for (const pending of waiting.slice(0, MAX_GROUP)) void write(pending);
      await commitGroup(group);
    }
    busy = false;
  }

  /** Begins to write a temporary, once. */
  function write(pending: Pending): Promise<Error | undefined> {
    pending.written ??= writeForOwner(pending).then(
      () => undefined,
      // Whose spool it is says who may write to tmp/.
      (error: unknown) =>
        toSpooldError(error, errnoOf(error) === "EACCES" ? "SPOOL_FOREIGN" : "IO_ERROR", { directory: layout.tmp }),
    );
    return pending.written;
  }

  async function writeForOwner({ temporary, bytes, isDurable: isSynced = true }: Pending): Promise<void> {
    await writeDurably(system, temporary, bytes, { isSynced, owner: await ownerToGive(system, layout.tasks) });
  }

  async function withoutFailed(group: readonly Pending[]): Promise<Pending[]> {
    const errors = await Promise.all(group.map(write));
    for (const [index, error] of errors.entries()) if (error !== undefined) group[index]?.reject(error);
    return group.filter((_pending, index) => errors[index] === undefined);
  }

  async function commitGroup(group: readonly Pending[]): Promise<void> {
    if (group.length === 0) return;
    const { linked, duplicates, marked }: Group = { linked: [], duplicates: new Map(), marked: [] };
    try {
      // The drop is out of the way, and what tells its copy has its name, before the copy can be seen.
      if (group.some(({ replaces }) => replaces !== undefined)) await syncDirectory(system, layout.tmp);
      const linkInTurn = async (): Promise<void> => {
        await linkAll(group, { linked, duplicates, marked });
        if (group.every(({ isDurable = true }) => !isDurable)) return;
        await syncMarks(system, marked);
        // The commit of the whole group: before this fsync nobody has been told a number.
        await syncDirectory(system, layout.tasks);
      };
      // Of two that look at once whether a word is free, both would find that it is.
      const hasMarks = group.some(({ marks = NO_MARKS }) => (marks.dedupe ?? marks.batch) !== undefined);
      await withAddLock(system, layout, linkInTurn, hasMarks);
    } catch (error) {
      const taken = await undo(group, linked, toSpooldError(error, "IO_ERROR", { directory: layout.tasks }));
      await Promise.all(
        group.map((pending) =>
          taken.has(pending) ? leftovers.remove(pending) : leftovers.remove({ temporary: pending.temporary }),
        ),
      );
      for (const [pending, number] of taken) pending.resolve({ number, isNew: true });
      return;
    }
    await Promise.all(group.map(leftovers.remove));
    for (const { pending, number } of linked) pending.resolve({ number, isNew: true });
    for (const [pending, number] of duplicates) pending.resolve({ number, isNew: false });
  }

  async function linkAll(group: readonly Pending[], { linked, duplicates, marked }: Group): Promise<void> {
    const fresh = await withoutDuplicates(group, duplicates);
    let unnumbered = fresh.filter(({ wanted }) => wanted === undefined).length;
    let next = await sequence.reserve(unnumbered);
    for (const pending of fresh) {
      let number = pending.wanted === undefined ? next++ : await claimWanted(pending.wanted);
      // EEXIST: a person dropped a file of this name. link cannot overwrite it, so the task takes the next number,
      // and those behind it in the group take later ones still: the order of the calls is the order of the numbers.
      while (!(await linkAs(pending, number, marked))) {
        if (pending.wanted === undefined) next = await sequence.reserve(unnumbered);
        number = pending.wanted === undefined ? next++ : await sequence.reserve(1);
      }
      if (pending.wanted === undefined) unnumbered -= 1;
      linked.push({ pending, number, path: pathOf(number, pending) });
    }
  }

  /** Those that are not queued yet under their words; the numbers of the others are noted. */
  async function withoutDuplicates(group: readonly Pending[], duplicates: Group["duplicates"]): Promise<Pending[]> {
    const fresh: Pending[] = [];
    for (const pending of group) {
      const number = await findDuplicate(system, layout, pending.marks ?? NO_MARKS);
      if (number === undefined) fresh.push(pending);
      else duplicates.set(pending, number);
    }
    return fresh;
  }

  async function linkAs(pending: Pending, number: number, marked: string[]): Promise<boolean> {
    const { marks = NO_MARKS, priority, temporary } = pending;
    marked.push(...(await placeMarks(system, layout, marks, { number, priority })));
    const linking = fs.link(temporary, pathOf(number, pending)).then(() => true);
    const isLinked = (await ignoring(["EEXIST"], linking)) ?? false;
    if (!isLinked) await removeMarks(system, layout, marks, { number, priority });
    return isLinked;
  }

  async function claimWanted(number: number): Promise<number> {
    // A number above the sequence was never given, so that it cannot stand in tasks/ under a name with a priority.
    const isNew = number > (await sequence.highest());
    await sequence.raiseTo(number);
    // An absurd one did not raise the sequence, so that it may have been taken before.
    const wasTaken = !isNew || number > (await sequence.highest());
    const used = wasTaken ? await findTask(system, layout, number) : await isNumberUsed(system, layout, number);
    return used || (await pruned.endOf(number)) !== undefined ? sequence.reserve(1) : number;
  }

  /**
   * Takes back what was linked. What the daemon has already claimed is committed: it fsyncs before it works.
   * @returns those that are committed nevertheless, and their numbers
   */
  async function undo(group: readonly Pending[], linked: Linked[], error: Error): Promise<Map<Pending, number>> {
    const claimed = new Map<Pending, number>();
    for (const { pending, number, path } of linked) {
      const gone = await fs.unlink(path).then(
        () => false,
        (problem: unknown) => errnoOf(problem) === "ENOENT",
      );
      if (gone) claimed.set(pending, number);
      // What is left of them means nothing, and must not keep the callers from being told.
      else await removeMarks(system, layout, pending.marks ?? NO_MARKS, { number, ...pending }).catch(() => undefined);
    }
    for (const pending of group) if (!claimed.has(pending)) pending.reject(error);
    return claimed;
  }

  function pathOf(number: number, { priority }: NewTask): string {
    return join(layout.tasks, waitingName({ number, priority }));
  }
}

/** Of several with one word only the first can be new. */
function firstOfEachWord(pending: readonly Pending[]): { readonly group: Pending[]; readonly again: Pending[] } {
  const words = new Set<string>();
  const group: Pending[] = [];
  const again: Pending[] = [];
  for (const each of pending) {
    const dedupe = each.marks?.dedupe;
    (dedupe !== undefined && words.has(dedupe) ? again : group).push(each);
    if (dedupe !== undefined) words.add(dedupe);
  }
  return { group, again };
}
