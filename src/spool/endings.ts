import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { deserializeError, SpooldError } from "../errors.ts";
import { ignoring, type System } from "../system.ts";
import { readName, reasonName, receiptName } from "../task/name.ts";
import type { Reason, Receipt } from "../task/outcome.ts";
import { parseObject } from "../task/text.ts";
import { findTask } from "./find.ts";
import type { Layout } from "./layout.ts";
import { nextEnd } from "./next-end.ts";

/** How a task has ended: its receipt, or why it failed. */
export type Ending =
  | { readonly kind: "done"; readonly receipt: Receipt }
  | { readonly kind: "cancelled"; readonly receipt: Receipt }
  | { readonly kind: "failed"; readonly reason: Reason };

/** A record that is not whole is looked at so often before it counts as damaged. */
const LOOKS_AT_RECORD = 5;
const LOOK_AGAIN_MS = 100;

/** The end of a task as it lies in the spool, or undefined while it has none. */
export async function readEnding(system: System, layout: Layout, number: number): Promise<Ending | undefined> {
  const receipt = await readWholeReceipt(system, layout, number);
  if (receipt !== undefined) return { kind: receipt.status === "cancelled" ? "cancelled" : "done", receipt };
  // The reason alone says nothing: it stays behind when a person moves the task back.
  if (!(await isInFailed())) return undefined;
  return { kind: "failed", reason: await readReason(system, layout, number) };

  async function isInFailed(): Promise<boolean> {
    return (await system.fs.readdir(layout.failed)).some((name) => {
      const kind = readName(name);
      return kind.kind === "task" && kind.entry.number === number;
    });
  }
}

/** The receipt of a task; undefined when there is none. @throws IO_ERROR when it is damaged */
export function readWholeReceipt(system: System, layout: Layout, number: number): Promise<Receipt | undefined> {
  return readRecord<Receipt>(system, join(layout.done, receiptName(number)));
}

/** Why a task lies in `failed/`, or that a person has put it there. @throws IO_ERROR when the reason is damaged */
export async function readReason(system: System, layout: Layout, number: number): Promise<Reason> {
  return (await readRecord<Reason>(system, join(layout.failed, reasonName(number)))) ?? movedByHand(number);
}

/** What a person is just copying may be half there for a moment. @throws IO_ERROR when it stays so */
export async function readRecord<T>({ fs }: System, path: string): Promise<T | undefined> {
  for (let look = 1; ; look++) {
    const text = await ignoring(["ENOENT"], fs.readFile(path, "utf8"));
    const record = text === undefined ? undefined : parseObject(text);
    if (text === undefined || record !== undefined) return record as T | undefined;
    if (look === LOOKS_AT_RECORD) throw new SpooldError("IO_ERROR", { file: path, because: "it is not whole JSON" });
    await sleep(LOOK_AGAIN_MS);
  }
}

/**
 * Waits until a task has ended, in whichever process and after however many restarts of the daemon.
 * @throws TASK_NOT_FOUND when no state holds the number (any more); the signal's reason when it aborts
 */
export async function waitForEnding(
  system: System,
  layout: Layout,
  number: number,
  signal?: AbortSignal,
): Promise<Ending> {
  for (;;) {
    signal?.throwIfAborted();
    // Armed before the look: an end that comes in between rings.
    const changed = nextEnd(system, layout, (name) => name.startsWith(`${number}.`), signal);
    try {
      const ending = await readEnding(system, layout, number);
      if (ending !== undefined) return ending;
      if (!(await isPresent(system, layout, number))) throw new SpooldError("TASK_NOT_FOUND", { number });
      await changed.happened;
    } finally {
      changed.stop();
    }
  }
}

/**
 * The receipt of a task that is done.
 * @throws TASK_FAILED, with the first cause, for one that has failed; TASK_CANCELLED
 */
export function receiptOf(number: number, ending: Ending): Receipt {
  if (ending.kind === "done") return ending.receipt;
  if (ending.kind === "cancelled") throw new SpooldError("TASK_CANCELLED", { number });
  const { error } = ending.reason;
  throw new SpooldError("TASK_FAILED", { number, because: error.code }, { cause: deserializeError(error) });
}

/** A person has put the task there: no attempt failed, but it ends there all the same. */
function movedByHand(number: number): Reason {
  const error = new SpooldError("TASK_FAILED", { number, because: "moved by hand" }).toJSON();
  return { number, supplicant: null, summary: null, error, attempts: [], endedAt: null };
}

/** A rename between two looks may hide a task for a moment, so one look that finds nothing proves nothing. */
async function isPresent(system: System, layout: Layout, number: number): Promise<boolean> {
  for (let look = 0; look < 3; look++) {
    if ((await findTask(system, layout, number)) !== undefined) return true;
  }
  return false;
}
