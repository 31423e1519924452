/**
 * How a task is cancelled:
 *
 *   rename to held/N     nobody else touches it there; of one that runs, the daemon kills the worker and tidies up
 *   receipt in done/N    whole and durable, "cancelled"; link cannot replace one by which the task was just done
 *   unlink held/N        then what is left of its attempts
 *
 * A crash after the first step leaves a held task: release it, or cancel it once more. After the second the receipt
 * stands, for all who ask, and what lies in `held/` is gone when it is cancelled once more.
 */
import { join } from "node:path";
import { ignoring, type System, syncDirectory, unlinkIfThere } from "../system.ts";
import { reasonName } from "../task/name.ts";
import type { AttemptRecord, Reason, Receipt } from "../task/outcome.ts";
import type { Task } from "../task/task.ts";
import { parseObject } from "../task/text.ts";
import { readAttempts } from "./attempts.ts";
import type { Found } from "./find.ts";
import { commitReceipt, dropActive, dropEnded } from "./finish.ts";
import { takeAside } from "./hold.ts";
import type { Layout } from "./layout.ts";
import { untilLetGo } from "./let-go.ts";
import { forgetWord, marksOf } from "./marks.ts";
import { readReceipt } from "./standing.ts";
import { readTaskFile } from "./task-file.ts";

/**
 * Cancels a task that has no receipt.
 * @returns `done`; `ended` when it was just done, whose receipt stands; undefined when it has gone elsewhere
 * @throws NUMBER_TWICE; DAEMON_SILENT when it was running and may be still: then it is held
 */
export async function cancelTask(system: System, layout: Layout, place: Found): Promise<"done" | "ended" | undefined> {
  const { number } = place.entry;
  const earlier = await attemptsOf(system, layout, place);
  const held = place.state === "held" ? place : await takeAside(system, layout, place);
  if (held === undefined) return undefined;
  // It may run still when a person has moved it out of active/ a moment ago.
  if (place.state === "held") await untilLetGo(system, layout, number);
  const stat = await ignoring(["ENOENT"], system.fs.lstat(held.path, { bigint: true }));
  if (stat === undefined) return undefined;
  const task = await taskIn(system, held);
  const receipt = receiptOfCancelled(number, task, { earlier, nowMs: system.nowMs() });
  if (!(await commitReceipt(system, layout, receipt)) && !(await isCancelled(system, layout, number))) {
    // The daemon has looked for the file before the move, and found it: it is done, and must not lie here as well.
    await unlinkIfThere(system, held.path);
    return "ended";
  }
  // Also where a person has moved it meanwhile: with its receipt it would be taken for a copy, and run as a new task.
  await dropActive(system, layout, { ...held.entry, path: held.path, inode: stat.ino });
  await syncDirectory(system, layout.held);
  if (task !== undefined) await forgetWord(system, layout, marksOf(task), number);
  return "done";
}

/**
 * Ends what a crash has left of a cancelled task: its file in `held/`, beside its receipt.
 * @returns false when what lies there is another task, or in another place
 */
export async function dropCancelled(
  system: System,
  layout: Layout,
  place: Found,
  receipt: Pick<Receipt, "key">,
): Promise<boolean> {
  const file = await readTaskFile(system, place.path);
  // Another command was at the same task, and has brought it to its end since it was found here.
  if (file.kind === "unreadable" && file.gone) return true;
  const key = file.kind === "committed" ? file.task.key : "";
  if (place.state !== "held" || key !== receipt.key) return false;
  await dropEnded(system, layout, { ...place.entry, path: place.path });
  await syncDirectory(system, layout.held);
  return true;
}

async function isCancelled(system: System, layout: Layout, number: number): Promise<boolean> {
  return (await readReceipt(system, layout, number))?.status === "cancelled";
}

async function attemptsOf(system: System, layout: Layout, { state, entry }: Found): Promise<readonly AttemptRecord[]> {
  if (state !== "failed") return readAttempts(system, layout, entry.number);
  const path = join(layout.failed, reasonName(entry.number));
  const text = await ignoring(["ENOENT"], system.fs.readFile(path, "utf8"));
  const reason = text === undefined ? undefined : (parseObject(text) as Partial<Reason> | undefined);
  return Array.isArray(reason?.attempts) ? reason.attempts : [];
}

/** @returns undefined for what a person has written and nobody has checked: of that the receipt says nothing */
async function taskIn(system: System, { path }: Found): Promise<Task | undefined> {
  const file = await readTaskFile(system, path);
  return file.kind === "committed" ? file.task : undefined;
}

function receiptOfCancelled(
  number: number,
  task: Task | undefined,
  { earlier, nowMs }: { readonly earlier: readonly AttemptRecord[]; readonly nowMs: number },
): Receipt {
  const at = new Date(nowMs).toISOString();
  return {
    number,
    key: task?.key ?? "",
    status: "cancelled",
    supplicant: task?.supplicant ?? null,
    summary: task?.summary ?? null,
    ...(task?.batch !== undefined && { batch: task.batch }),
    attempts: earlier.length,
    startedAt: at,
    endedAt: at,
    durationMs: 0,
    source: null,
    outputs: [],
    ...(earlier.length > 0 && { earlier }),
  };
}
