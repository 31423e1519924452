import { SpooldError, toSpooldError } from "../errors.ts";
import { realSystem, type System } from "../system.ts";
import { encodeTask, keyOf } from "../task/key.ts";
import type { RecipeTask } from "../task/order.ts";
import type { Receipt } from "../task/outcome.ts";
import type { HandlerTask, PictureTask } from "../task/task.ts";
import { type AutostartOptions, starterOf } from "./autostart.ts";
import { openCommitter } from "./commit.ts";
import { receiptOf, waitForEnding } from "./endings.ts";
import { type ExpectedOutput, expectedOf, filesOf, openForeteller } from "./expected.ts";
import { createSpool, type Layout, layoutOf } from "./layout.ts";
import { marksOf } from "./marks.ts";
import { fastestSystem } from "./network-file-system.ts";
import { renderRecipeTask, renderTask } from "./recipes.ts";
import { openSequence } from "./sequence.ts";
import { movesOf, type SpoolMoves } from "./spool-moves.ts";
import { type SpoolView, viewSpool } from "./view.ts";

/** A task that has been accepted. */
export interface Ticket {
  /** Never given to another task of this spool. */
  readonly number: number;
  /** False when the same task was queued already, as its `dedupe` tells, and has not ended: this is its ticket then. */
  readonly isNew: boolean;
  /** Where the pictures will be, and how large, where the source's header could be read when they were ordered. */
  readonly outputs: readonly ExpectedOutput[];
  /**
   * Waits for the end of the task, in whichever process and after however many restarts.
   * @returns the receipt
   * @throws TASK_FAILED with its cause; TASK_CANCELLED; TASK_NOT_FOUND when it was removed; the signal's reason when it aborts
   */
  done(options?: { readonly signal?: AbortSignal }): Promise<Receipt>;
}

/** A task on pictures as it may be handed to `enqueue`: without its key, which is worked out here. */
export type NewTask = Omit<PictureTask, "key">;

/** The same of a task that is work for a handler. */
export type NewHandlerTask = Omit<HandlerTask, "key">;

/** What a recipe is filled with. */
export type RecipeOrder = Omit<RecipeTask, "recipe">;

/** What a ticket is to tell, and who is to do the work. */
export interface EnqueueOptions {
  /** Whether to read the source's header and tell the sizes of the outputs; default true. */
  readonly sizes?: boolean;
  /**
   * Whether to start a daemon when none runs, and how. It ends when nothing is left to do. That none could be started is
   * told to `onError`, and not by the promise: the task is committed.
   */
  readonly autostart?: boolean | AutostartOptions;
  /**
   * What the promise waits for. `full`, the default: the disk, so that the task survives a power cut. `none`: the
   * kernel; it survives kill -9, but a power cut soon after may take it, and what was told of it is then not true.
   */
  readonly durability?: "full" | "none";
}

/** An open spool. Holds no descriptor and no lock; there is nothing to close. */
export interface Spool extends SpoolMoves, SpoolView {
  /** Absolute path of the spool directory. */
  readonly directory: string;
  /**
   * Commits a task. Once the promise resolves, the task survives kill -9, power loss and a full disk until it has
   * ended; when it rejects, nothing was queued. The cost does not grow with the backlog.
   * A recipe is filled in here: what is changed in it afterwards is for later tasks. Numbers follow the order of calls.
   * @throws TASK_INVALID with one fault per place, RECIPE_MISSING, TASK_TOO_LARGE, DISK_FULL, DISK_READ_ONLY or IO_ERROR
   */
  enqueue(task: NewTask | NewHandlerTask | RecipeTask, options?: EnqueueOptions): Promise<Ticket>;
  /**
   * The task that `enqueue` would commit for a recipe, with its key; queues nothing. Handed to `enqueue` as it is, it
   * stays as it is; who changes it writes braces in its file names double, as in any task.
   * @throws TASK_INVALID, RECIPE_MISSING or IO_ERROR
   */
  renderToTask(recipe: string, order: RecipeOrder): Promise<PictureTask>;
  /** The ticket of a task that was enqueued before, perhaps by another process. */
  ticket(number: number, outputs?: readonly ExpectedOutput[]): Ticket;
}

/**
 * Opens a spool, creating what is missing of it, private to this account.
 * @param directory default `SPOOLD_DIR`, else `spool` in the working directory
 * @throws PLATFORM_UNSUPPORTED, DISK_FULL, DISK_READ_ONLY or IO_ERROR
 */
export async function openSpool(directory?: string, given?: System): Promise<Spool> {
  if (process.platform === "win32") throw new SpooldError("PLATFORM_UNSUPPORTED", { platform: process.platform });
  const layout = layoutOf(directory ?? directoryFromEnvironment());
  const system = given ?? realSystem();
  await createSpool(system, layout).catch((error: unknown) => {
    throw toSpooldError(error, "IO_ERROR", { spool: layout.root });
  });
  const committing = given ?? (await fastestSystem(system, layout.tasks));
  const committer = openCommitter(committing, layout, openSequence(committing, layout));
  const foreteller = openForeteller(system, layout);

  /** Settles when the last call has handed its task to the committer, or has failed. */
  let turn: Promise<unknown> = Promise.resolve();

  const ticket = (number: number, outputs: readonly ExpectedOutput[] = []): Ticket => ({
    number,
    isNew: false,
    outputs,
    done: async ({ signal } = {}) => receiptOf(number, await waitForEnding(system, layout, number, signal)),
  });
  return {
    directory: layout.root,
    async enqueue(newTask, { sizes = true, autostart = false, durability = "full" } = {}) {
      const rendering = rendered(layout, renderTask(system, layout, newTask));
      // A task whose recipe is still being read keeps those behind it waiting, so that none gets its number.
      const handing = turn.then(async () => {
        const task = await rendering;
        const marks = marksOf(task);
        const isDurable = durability === "full";
        const bytes = encodeTask(task);
        const committed = committer.commit({ bytes, priority: task.priority ?? 0, marks, isDurable });
        // The header is read while the disk writes the task, and neither waits for the other.
        return { committed, outputs: sizes ? foreteller.expectedOutputs(task) : filesOf(task) };
      });
      turn = Promise.allSettled([rendering, handing]);
      const { committed, outputs } = await handing;
      const { number, isNew } = await committed;
      if (autostart !== false) await starterOf(system, layout).wake(autostart === true ? {} : autostart);
      const expected = isNew ? await outputs : await expectedOf(system, layout, number, await outputs);
      return { ...ticket(number, expected), isNew };
    },
    renderToTask: (recipe, order) => renderFrom(system, layout, recipe, order),
    ticket,
    ...movesOf(system, layout),
    ...viewSpool(system, layout),
  };
}

/**
 * Commits a task to the spool in `SPOOLD_DIR`, else `./spool`.
 * Calls that overlap share one commit, as those of one `openSpool` do.
 * @throws as `Spool.enqueue`
 */
export async function enqueue(task: NewTask | NewHandlerTask | RecipeTask, options?: EnqueueOptions): Promise<Ticket> {
  return (await defaultSpool()).enqueue(task, options);
}

/**
 * Makes a task of a recipe of the spool in `SPOOLD_DIR`, else `./spool`; creates nothing.
 * @param recipe its name, as `recipes/NAME.json` has it; the spool's own, else the one that comes with the package
 * @throws as `Spool.renderToTask`
 */
export function renderToTask(recipe: string, order: RecipeOrder): Promise<PictureTask> {
  return renderFrom(realSystem(), layoutOf(process.env["SPOOLD_DIR"] ?? "spool"), recipe, order);
}

async function renderFrom(system: System, layout: Layout, recipe: string, order: RecipeOrder): Promise<PictureTask> {
  const task = await rendered(layout, renderRecipeTask(system, layout, { ...order, recipe }));
  return { key: keyOf(task), ...task };
}

/** Says of trouble on the way to a recipe where it was. */
function rendered<T>({ recipes }: Layout, rendering: Promise<T>): Promise<T> {
  return rendering.catch((error: unknown) => {
    throw toSpooldError(error, "IO_ERROR", { directory: recipes });
  });
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

/** The spool of this program. An empty variable is a slip in a script, not a wish for the working directory. */
export function directoryFromEnvironment(): string {
  const directory = process.env["SPOOLD_DIR"] ?? "spool";
  if (directory === "")
    throw new SpooldError("CONFIG_INVALID", { setting: "SPOOLD_DIR", value: "", accepts: "a path" });
  return directory;
}
