import { SpooldError, toSpooldError } from "../errors.ts";
import { realSystem, type System } from "../system.ts";
import { encodeTask } from "../task/key.ts";
import type { Receipt } from "../task/outcome.ts";
import { checkTask, MAX_TASK_BYTES } from "../task/parse.ts";
import type { Task } from "../task/task.ts";
import { openCommitter } from "./commit.ts";
import { receiptOf, waitForEnding } from "./endings.ts";
import { createSpool, layoutOf } from "./layout.ts";
import { openSequence } from "./sequence.ts";

/** A task that has been accepted. */
export interface Ticket {
  /** Never given to another task of this spool. */
  readonly number: number;
  /** Where the pictures will be, as the task names them: relative to the daemon's first root. */
  readonly outputs: readonly string[];
  /**
   * Waits for the end of the task, in whichever process and after however many restarts.
   * @returns the receipt
   * @throws TASK_FAILED with its cause; TASK_NOT_FOUND when it was removed; the signal's reason when it aborts
   */
  done(options?: { readonly signal?: AbortSignal }): Promise<Receipt>;
}

/** What may be handed to `enqueue`: a task without its key, which is worked out here. */
export type NewTask = Omit<Task, "key">;

/** An open spool. Holds no descriptor and no lock; there is nothing to close. */
export interface Spool {
  /** Absolute path of the spool directory. */
  readonly directory: string;
  /**
   * Commits a task. Once the promise resolves, the task survives kill -9, power loss and a full disk until it has
   * ended; when it rejects, nothing was queued. The cost does not grow with the backlog.
   * @throws TASK_INVALID with one fault per place, TASK_TOO_LARGE, DISK_FULL, DISK_READ_ONLY or IO_ERROR
   */
  enqueue(task: NewTask): Promise<Ticket>;
  /** The ticket of a task that was enqueued before, perhaps by another process. */
  ticket(number: number, outputs?: readonly string[]): Ticket;
}

/**
 * Opens a spool, creating what is missing of it, private to this account.
 * @param directory default `SPOOLD_DIR`, else `spool` in the working directory
 * @throws PLATFORM_UNSUPPORTED, DISK_FULL, DISK_READ_ONLY or IO_ERROR
 */
export async function openSpool(directory?: string, system: System = realSystem()): Promise<Spool> {
  if (process.platform === "win32") throw new SpooldError("PLATFORM_UNSUPPORTED", { platform: process.platform });
  const layout = layoutOf(directory ?? directoryFromEnvironment());
  await createSpool(system, layout).catch((error: unknown) => {
    throw toSpooldError(error, "IO_ERROR", { spool: layout.root });
  });
  const committer = openCommitter(system, layout, openSequence(system, layout));

  const ticket = (number: number, outputs: readonly string[] = []): Ticket => ({
    number,
    outputs,
    done: async ({ signal } = {}) => receiptOf(number, await waitForEnding(system, layout, number, signal)),
  });
  return {
    directory: layout.root,
    async enqueue(newTask) {
      const task = checkTask(newTask);
      const bytes = encodeTask(task);
      if (bytes.length > MAX_TASK_BYTES) {
        throw new SpooldError("TASK_TOO_LARGE", { bytes: bytes.length, limit: MAX_TASK_BYTES });
      }
      const number = await committer.commit({ bytes, priority: task.priority ?? 0 });
      return ticket(
        number,
        task.outputs.map(({ file }) => file),
      );
    },
    ticket,
  };
}

/**
 * Commits a task to the spool in `SPOOLD_DIR`, else `./spool`.
 * Calls that overlap share one commit, as those of one `openSpool` do.
 * @throws as `Spool.enqueue`
 */
export async function enqueue(task: NewTask): Promise<Ticket> {
  return (await defaultSpool()).enqueue(task);
}

const opened = new Map<string, Promise<Spool>>();

/** One spool per directory and process, so that overlapping calls find each other. */
function defaultSpool(): Promise<Spool> {
  const { root } = layoutOf(directoryFromEnvironment());
  const known = opened.get(root);
  if (known !== undefined) return known;
  const opening = openSpool(root);
  opened.set(root, opening);
  opening.catch(() => opened.delete(root));
  return opening;
}

/** An empty variable is a slip in a script, not a wish for the working directory. */
function directoryFromEnvironment(): string {
  const directory = process.env["SPOOLD_DIR"] ?? "spool";
  if (directory === "")
    throw new SpooldError("CONFIG_INVALID", { setting: "SPOOLD_DIR", value: "", accepts: "a path" });
  return directory;
}
