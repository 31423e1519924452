import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { errnoOf, toSpooldError } from "../errors.ts";
import { ignoring, type System, syncDirectory, writeDurably } from "../system.ts";
import { waitingName } from "../task/name.ts";
import { withAddLock } from "./add-lock.ts";
import { findTask, isNumberUsed } from "./find.ts";
import type { Layout } from "./layout.ts";
import type { Sequence } from "./sequence.ts";

/** What is to become a task in `tasks/`. */
interface NewTask {
  readonly bytes: Uint8Array;
  readonly priority: number;
  /** The number that a person gave it; taken unless it was used before. */
  readonly wanted?: number;
  /** The drop that this is the copy of: removed once the copy is committed. Its nonce names the temporary too. */
  readonly replaces?: { readonly path: string; readonly nonce: string };
}

export interface Committer {
  /**
   * Commits a task: once the promise resolves it survives kill -9 and power loss; when it rejects, nothing was queued.
   * Calls that overlap share one hold of the lock and one directory fsync, and get numbers in the order of the calls.
   * @returns the task's number
   * @throws DISK_FULL, DISK_READ_ONLY or IO_ERROR, with the cause
   */
  commit(task: NewTask): Promise<number>;
}

interface Pending extends NewTask {
  readonly temporary: string;
  /** Settles to the error of the write, or to undefined when the temporary is whole and durable. */
  written?: Promise<Error | undefined>;
  readonly resolve: (number: number) => void;
  readonly reject: (error: Error) => void;
}

interface Linked {
  readonly pending: Pending;
  readonly number: number;
  readonly path: string;
}

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
  const waiting: Pending[] = [];
  let busy = false;

  return {
    commit(task) {
      const temporary = join(layout.tmp, `${task.replaces?.nonce ?? randomUUID()}.json`);
      return new Promise<number>((resolve, reject) => {
        const pending: Pending = { ...task, temporary, resolve, reject };
        if (waiting.push(pending) <= MAX_GROUP) void write(pending);
        void commitGroups();
      });
    },
  };

  /** Commits all that is waiting, group by group. Never rejects: each failure goes to its own caller. */
  async function commitGroups(): Promise<void> {
    if (busy) return;
    busy = true;
    while (waiting.length > 0) {
      await waiting[0]?.written; // meanwhile others join the group
      const group = await withoutFailed(waiting.splice(0, MAX_GROUP));
      for (const pending of waiting.slice(0, MAX_GROUP)) void write(pending);
      await commitGroup(group);
    }
    busy = false;
  }

  /** Begins to write a temporary, once. */
  function write(pending: Pending): Promise<Error | undefined> {
    pending.written ??= writeForOwner(pending).then(
      () => undefined,
      (error: unknown) => toSpooldError(error, "IO_ERROR", { directory: layout.tmp }),
    );
    return pending.written;
  }

  /** What root adds to the spool of another account must be that account's to read. */
  async function writeForOwner({ temporary, bytes }: Pending): Promise<void> {
    const owner = process.geteuid?.() === 0 ? await fs.lstat(layout.tasks) : undefined;
    await writeDurably(system, temporary, bytes, { ...(owner !== undefined && { owner }) });
  }

  async function withoutFailed(group: readonly Pending[]): Promise<Pending[]> {
    const errors = await Promise.all(group.map(write));
    for (const [index, error] of errors.entries()) if (error !== undefined) group[index]?.reject(error);
    return group.filter((_pending, index) => errors[index] === undefined);
  }

  async function commitGroup(group: readonly Pending[]): Promise<void> {
    if (group.length === 0) return;
    const linked: Linked[] = [];
    try {
      await withAddLock(layout, async () => {
        await linkAll(group, linked);
        // The commit of the whole group: before this fsync nobody has been told a number.
        await syncDirectory(system, layout.tasks);
      });
    } catch (error) {
      const taken = await undo(group, linked, toSpooldError(error, "IO_ERROR", { directory: layout.tasks }));
      await Promise.all(group.map((pending) => (taken.has(pending) ? cleanUp(pending) : removeTemporary(pending))));
      return;
    }
    await Promise.all(group.map(cleanUp));
    for (const { pending, number } of linked) pending.resolve(number);
  }

  async function linkAll(group: readonly Pending[], linked: Linked[]): Promise<void> {
    let unnumbered = group.filter(({ wanted }) => wanted === undefined).length;
    let next = await sequence.reserve(unnumbered);
    for (const pending of group) {
      let number = pending.wanted === undefined ? next++ : await claimWanted(pending.wanted);
      // EEXIST: a person dropped a file of this name. link cannot overwrite it, so the task takes the next number,
      // and those behind it in the group take later ones still: the order of the calls is the order of the numbers.
      while (!(await linkAs(pending, number))) {
        if (pending.wanted === undefined) next = await sequence.reserve(unnumbered);
        number = pending.wanted === undefined ? next++ : await sequence.reserve(1);
      }
      if (pending.wanted === undefined) unnumbered -= 1;
      linked.push({ pending, number, path: pathOf(number, pending) });
    }
  }

  async function linkAs(pending: Pending, number: number): Promise<boolean> {
    const linking = fs.link(pending.temporary, pathOf(number, pending)).then(() => true);
    return (await ignoring(["EEXIST"], linking)) ?? false;
  }

  async function claimWanted(number: number): Promise<number> {
    // A number above the sequence was never given, so that it cannot stand in tasks/ under a name with a priority.
    const isNew = number > (await sequence.highest());
    await sequence.raiseTo(number);
    // An absurd one did not raise the sequence, so that it may have been taken before.
    const wasTaken = !isNew || number > (await sequence.highest());
    const used = wasTaken ? await findTask(system, layout, number) : await isNumberUsed(system, layout, number);
    return used ? sequence.reserve(1) : number;
  }

  /**
   * Takes back what was linked. What the daemon has already claimed is committed: it fsyncs before it works.
   * @returns those that are committed nevertheless
   */
  async function undo(group: readonly Pending[], linked: readonly Linked[], error: Error): Promise<Set<Pending>> {
    const claimed = new Set<Pending>();
    for (const { pending, number, path } of linked) {
      const gone = await fs.unlink(path).then(
        () => false,
        (problem: unknown) => errnoOf(problem) === "ENOENT",
      );
      if (gone) claimed.add(pending);
      if (gone) pending.resolve(number);
    }
    for (const pending of group) if (!claimed.has(pending)) pending.reject(error);
    return claimed;
  }

  /** The drop goes before the temporary: as long as both are there, a later start can see that the copy was linked. */
  async function cleanUp(pending: Pending): Promise<void> {
    const dropGone = await fs.unlink(pending.replaces?.path ?? pending.temporary).then(
      () => true,
      () => false,
    );
    if (dropGone && pending.replaces !== undefined) await removeTemporary(pending);
  }

  /** A leftover in tmp/ is rubbish that the daemon sweeps; it must not turn a committed task into a failed call. */
  async function removeTemporary({ temporary }: Pending): Promise<void> {
    await fs.unlink(temporary).catch(() => undefined);
  }

  function pathOf(number: number, { priority }: NewTask): string {
    return join(layout.tasks, waitingName({ number, priority }));
  }
}
