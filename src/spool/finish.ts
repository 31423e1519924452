import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { ignoring, ownerToGive, type System, syncDirectory, unlinkIfThere, writeDurably } from "../system.ts";
import { deferredName, reasonName, receiptName, waitingName } from "../task/name.ts";
import type { AttemptRecord, Reason, Receipt } from "../task/outcome.ts";
import { forgetAttempts, recordAttempt } from "./attempts.ts";
import type { ActiveTask } from "./claim.ts";
import { findTask } from "./find.ts";
import { rememberReceipt } from "./fresh.ts";
import type { Layout } from "./layout.ts";
import type { Pruned } from "./pruned.ts";

/**
 * Ends a task that succeeded. The receipt is durable before the task file goes: a crash between the two is seen at
 * the next start, which then only unlinks.
 */
export async function finishDone(system: System, layout: Layout, active: ActiveTask, receipt: Receipt): Promise<void> {
  // A receipt that is there already stands: this task had ended before, and somebody put it back.
  await commitReceipt(system, layout, receipt);
  await dropActive(system, layout, active);
}

/** Puts a receipt into `done/`, durably and whole. @returns false when the task has one already, which stands */
export async function commitReceipt(system: System, layout: Layout, receipt: Receipt): Promise<boolean> {
  const temporary = join(layout.tmp, `${randomUUID()}.json`);
  const owner = await ownerToGive(system, layout.done);
  await writeDurably(system, temporary, encode(receipt), { owner });
  const linking = system.fs.link(temporary, join(layout.done, receiptName(receipt.number))).then(() => true);
  const linked = await ignoring(["EEXIST"], linking);
  await syncDirectory(system, layout.done);
  await rememberReceipt(system, layout, receipt, temporary);
  return linked ?? false;
}

/** Whether a task has ended well: from then on it must only be unlinked. */
export async function hasReceipt({ fs }: System, layout: Layout, number: number): Promise<boolean> {
  return (await ignoring(["ENOENT"], fs.lstat(join(layout.done, receiptName(number))))) !== undefined;
}

/**
 * Whether the number of a file in `tasks/` belongs to a task that has ended: a copy of it must not run as that one. A
 * dead letter that was pruned and comes back from a backup is tried again.
 */
export async function isSpent(
  { system, layout, pruned }: { readonly system: System; readonly layout: Layout; readonly pruned: Pruned },
  number: number,
): Promise<boolean> {
  if (await hasReceipt(system, layout, number)) return true;
  const failed = join(layout.failed, waitingName({ number, priority: 0 }));
  if ((await ignoring(["ENOENT"], system.fs.lstat(failed))) !== undefined) return true;
  const end = await pruned.endOf(number);
  return end !== undefined && end !== "failed";
}

/**
 * Ends a task whose receipt was found there. Who committed it may have died before it was durable, or been told that it is
 * not: a power cut could take it, when the task file is gone already.
 */
export async function dropEnded(system: System, layout: Layout, active: ActiveTask): Promise<void> {
  await syncDirectory(system, layout.done);
  await dropActive(system, layout, active);
}

/**
 * Ends a task whose receipt is durable: what is left of it is removed. Its file goes last: as long as it is there, a start
 * after a crash comes back to the rest.
 */
export async function dropActive(system: System, layout: Layout, active: ActiveTask): Promise<void> {
  await unlinkIfThere(system, join(layout.failed, reasonName(active.number)));
  await forgetAttempts(system, layout, active.number);
  const wasThere = await ignoring(
    ["ENOENT"],
    system.fs.unlink(active.path).then(() => true),
  );
  if (wasThere === undefined) await dropMoved(system, layout, active);
}

/** A person has moved the file of a task away in the moment in which it was done: it must not run once more. */
async function dropMoved(system: System, layout: Layout, { number, inode }: ActiveTask): Promise<void> {
  const found = inode === undefined ? undefined : await findTask(system, layout, number);
  if (found === undefined || found.state === "done") return;
  const stat = await ignoring(["ENOENT"], system.fs.lstat(found.path, { bigint: true }));
  if (stat?.ino === inode) await unlinkIfThere(system, found.path);
}

/** Makes a task a dead letter: the reason is durable beside it before it arrives. */
export async function finishFailed(system: System, layout: Layout, active: ActiveTask, reason: Reason): Promise<void> {
  const temporary = join(layout.tmp, `${randomUUID()}.json`);
  await writeDurably(system, temporary, encode(reason));
  await system.fs.rename(temporary, join(layout.failed, reasonName(active.number)));
  await Promise.all([syncDirectory(system, layout.failed), syncDirectory(system, layout.tmp)]);
  await system.fs.rename(active.path, await freeNameInFailed(system, layout, active));
  await Promise.all([syncDirectory(system, layout.failed), syncDirectory(system, layout.active)]);
  await forgetAttempts(system, layout, active.number);
}

/** A dead letter of the same number, put there by a person, is never overwritten. */
async function freeNameInFailed({ fs, nowMs }: System, layout: Layout, active: ActiveTask): Promise<string> {
  const plain = join(layout.failed, waitingName(active));
  const isTaken = (await ignoring(["ENOENT"], fs.lstat(plain))) !== undefined;
  return isTaken ? join(layout.failed, deferredName({ ...active, dueAtMs: nowMs() })) : plain;
}

/** Where a task waits for another attempt, and what is to be remembered of the one that has ended. */
export interface Deferral {
  readonly attempt: number;
  /** ms since epoch. */
  readonly dueAtMs: number;
  /** Null when the attempt does not count. */
  readonly record: AttemptRecord | null;
}

/** Lets a task wait for another attempt. The record is durable before the move. Needs no free block without one. */
export async function defer(system: System, layout: Layout, active: ActiveTask, deferral: Deferral): Promise<void> {
  const { attempt, dueAtMs, record } = deferral;
  if (record !== null) await recordAttempt(system, layout, active.number, record);
  const name = deferredName({ ...active, attempt, dueAtMs: Math.trunc(dueAtMs) });
  await system.fs.rename(active.path, join(layout.deferred, name));
  await Promise.all([syncDirectory(system, layout.deferred), syncDirectory(system, layout.active)]);
}

function encode(value: Receipt | Reason): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}
