import { SpooldError, serializeError } from "../errors.ts";
import { type Destination, publicationsOf, resolveDestination } from "../image/destinations.ts";
import { completeOrRemove, removeTemporaries } from "../image/publish.ts";
import type { Publication } from "../image/replace.ts";
import { temporaryPath } from "../image/temporaries.ts";
import { taskFields } from "../log.ts";
import type { ActiveTask } from "../spool/claim.ts";
import { isHandlerTask, type Task } from "../task/task.ts";
import type { PreparedOutput } from "../worker/protocol.ts";
import type { DaemonContext } from "./context.ts";
import type { Attempt } from "./records.ts";

/** What names the temporaries of an attempt, so that no other attempt, task or spool uses the same. */
export function attemptTag(context: DaemonContext, { number, attempt }: ActiveTask): string {
  return `${context.spoolTag}-${number}-a${attempt}`;
}

/**
 * A hostile picture may have taken the worker over: only what the task itself asks for is published, wherever it says.
 * @returns the renames that publish it, worked out from the task
 */
export async function requireExpected(
  context: DaemonContext,
  { active, task }: Attempt,
  outputs: readonly PreparedOutput[],
): Promise<readonly Publication[]> {
  const destinations = await destinationsOf(context, task);
  const tag = attemptTag(context, active);
  const isExpected = ({ path, temporary, tiles }: PreparedOutput, index: number): boolean => {
    const wanted = destinations[index];
    if (path !== wanted?.path || temporary !== temporaryPath(path, tag, index)) return false;
    const isPyramid = !isHandlerTask(task) && task.outputs[index]?.tile !== undefined;
    return (tiles !== undefined) === isPyramid && (tiles?.folder ?? null) === wanted.folder;
  };
  if (outputs.length !== destinations.length || !outputs.every(isExpected)) {
    throw new SpooldError("PATH_OUTSIDE_ROOTS", { number: active.number, because: "not where the task says" });
  }
  return publicationsOf(destinations, tag);
}

/** Where the outputs of a task will lie, as it says itself. */
export async function destinationsOf(
  { system, roots, spool }: Pick<DaemonContext, "system" | "roots" | "spool">,
  task: Task,
): Promise<Destination[]> {
  // What a handler writes it puts in place itself.
  if (isHandlerTask(task)) return [];
  return Promise.all(task.outputs.map((output) => resolveDestination(system, output, roots, { create: false, spool })));
}

/** Removes what an attempt that did not end by itself may have left beside its outputs. */
export async function sweepTemporaries(context: DaemonContext, attempt: Attempt): Promise<void> {
  await tidy(context, attempt, removeTemporaries);
}

/**
 * Puts the outputs of an attempt in order whose daemon died: when it had begun to rename them, the rest follows, so
 * that all of them appear; else what the worker left is removed.
 */
export async function finishOutputs(context: DaemonContext, attempt: Attempt): Promise<void> {
  await tidy(context, attempt, completeOrRemove);
}

async function tidy(context: DaemonContext, { active, task }: Attempt, work: typeof completeOrRemove): Promise<void> {
  try {
    await work(context.system, await destinationsOf(context, task), attemptTag(context, active));
  } catch (error) {
    // A path that cannot be resolved holds nothing of ours; anything else is litter, and the task goes on regardless.
    const about = taskFields({ ...active, ...task });
    context.log.event("warn", "temporaries not swept", { ...about, error: serializeError(error) });
  }
}
