import type { System } from "../../../system.ts";
import { keyOf } from "../../../task/key.ts";
import type { PictureTask } from "../../../task/task.ts";
import { isSameState, type KnownSource, ordering, outputsOf } from "./known-source.ts";
import { isGood, type Look, lookAt, seen } from "./look.ts";
import type { Ended, Standings } from "./standings.ts";
import type { FoundSource } from "./walk.ts";

/** What is to be done about a source that is there, and what is known of it from now on. */
export type Judgement =
  /** Its outputs are there, made of what it is now. */
  | { readonly kind: "fresh"; readonly known: KnownSource }
  /** Its task has not ended. */
  | { readonly kind: "queued"; readonly known: KnownSource }
  /** Its task has failed or was cancelled, and the source is what it was then: another one would end as that did. */
  | { readonly kind: "given up"; readonly known: KnownSource; readonly number: number }
  | { readonly kind: "order"; readonly known: KnownSource; readonly task: PictureTask };

export interface JudgeContext {
  readonly system: System;
  /** Where relative paths of tasks start. */
  readonly root: string;
  readonly standings: Standings;
  /** The task that the recipe makes of a source. */
  readonly taskOf: (path: string) => PictureTask;
  /** Whether the recipe says what it said when the manifest was written. */
  readonly isSameRecipe: boolean;
}

/**
 * Judges a source.
 * @param before what the manifest knows of it
 * @throws TASK_INVALID when the recipe makes no task of it
 */
export function judge(context: JudgeContext, source: FoundSource, before?: KnownSource): Promise<Judgement> {
  return before === undefined ? judgeUnknown(context, source) : judgeKnown(context, source, before);
}

/** By the times of the files alone. */
async function judgeUnknown(context: JudgeContext, source: FoundSource): Promise<Judgement> {
  const task = context.taskOf(source.path);
  const outputs = outputsOf(task);
  const looks = await looksAt(context, outputs);
  if (!areGood(outputs, looks, source)) return order(context, source, task, undefined);
  const known = { path: source.path, state: stateOf(source), key: keyOf(task), order: null, outputs, former: [] };
  return { kind: "fresh", known };
}

async function judgeKnown(context: JudgeContext, source: FoundSource, before: KnownSource): Promise<Judgement> {
  const looks = await looksAt(context, before.outputs);
  const ended = await endOf(context.standings, before);
  // What was made is remembered before anything else is made in its place.
  const known = ended === "unknown" ? before : seen(before, looks, ended);
  const again = (): Judgement => order(context, source, context.taskOf(source.path), known);
  if (!context.isSameRecipe && keyOf(context.taskOf(source.path)) !== before.key) return again();
  // It was being ordered when the sync was killed: nobody knows under which number.
  if (!isSameState(before.state, stateOf(source)) || ended === "unknown") return again();
  const { standing } = ended;
  if (standing === "waiting") return { kind: "queued", known };
  if (standing === "failed" || standing === "cancelled")
    return { kind: "given up", known, number: before.order?.number ?? 0 };
  return areGood(known.outputs, looks, source) ? { kind: "fresh", known } : again();
}

/** How the task ended that was ordered of a source; one that was seen to be done is done. */
export async function endOf(standings: Standings, { order }: KnownSource): Promise<Ended | "unknown"> {
  if (order === null || order.seen) return { standing: "done", outputs: [] };
  const { number, priority } = order;
  return number === null ? "unknown" : standings.of({ number, priority });
}

function order(
  { system }: JudgeContext,
  source: FoundSource,
  task: PictureTask,
  before: KnownSource | undefined,
): Judgement {
  const about = { path: source.path, state: stateOf(source), key: keyOf(task) };
  return { kind: "order", known: ordering(about, task, { before, atMs: system.nowMs() }), task };
}

function looksAt({ system, root }: JudgeContext, outputs: KnownSource["outputs"]): Promise<Look[]> {
  return Promise.all(outputs.map((output) => lookAt(system, root, output)));
}

function areGood(outputs: KnownSource["outputs"], looks: readonly Look[], { mtimeNs }: FoundSource): boolean {
  return outputs.every((output, index) => isGood(output, looks[index] ?? null, mtimeNs));
}

function stateOf({ size, mtimeNs }: FoundSource): { size: number; mtimeNs: string } {
  return { size, mtimeNs: String(mtimeNs) };
}
