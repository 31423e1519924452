/** Tasks that say `skipIfFresh`: what an earlier one has left, for the worker to look at and for the receipt. */
import type { Stats } from "node:fs";
import { SpooldError } from "../errors.ts";
import { rememberedReceipt } from "../spool/fresh.ts";
import { ignoring } from "../system.ts";
import { keyOf } from "../task/key.ts";
import type { OutputFile } from "../task/outcome.ts";
import { isHandlerTask } from "../task/task.ts";
import { readEarlierWork } from "../worker/message.ts";
import type { EarlierWork } from "../worker/protocol.ts";
import type { DaemonContext } from "./context.ts";
import { destinationsOf } from "./outputs.ts";
import type { Attempt } from "./records.ts";

type Place = Pick<DaemonContext, "system" | "roots" | "spool">;

/** The attempt with what is known of earlier work with the same key, if its task asks for that. */
export async function withEarlierWork({ system, layout }: DaemonContext, attempt: Attempt): Promise<Attempt> {
  const { task } = attempt;
  if (isHandlerTask(task) || !task.skipIfFresh) return attempt;
  const key = keyOf(task);
  const earlierWork = readEarlierWork(await rememberedReceipt(system, layout, key), key);
  return earlierWork === undefined ? attempt : { ...attempt, earlierWork };
}

/**
 * What a worker has found to be fresh. It was told that by this daemon, which looks once more where it lies and how long
 * it is; that no byte of it has changed is the worker's word, as it is for what a picture looks like.
 * @throws OUTPUT_CHANGED
 */
export async function requireEarlierWork(
  context: Place,
  attempt: Pick<Attempt, "task" | "earlierWork">,
): Promise<EarlierWork> {
  const { task, earlierWork } = attempt;
  const destinations = await destinationsOf(context, task);
  for (const [index, { path, folder }] of destinations.entries()) {
    const output = earlierWork?.outputs[index];
    const isThere = output?.path === path && (output.tiles?.folder ?? null) === folder && (await lies(context, output));
    if (!isThere) throw new SpooldError("OUTPUT_CHANGED", { path });
  }
  if (earlierWork === undefined) throw new SpooldError("OUTPUT_CHANGED");
  return earlierWork;
}

async function lies({ system }: Place, { path, bytes, tiles }: OutputFile): Promise<boolean> {
  const statOf = (name: string): Promise<Stats | undefined> => ignoring(["ENOENT", "ENOTDIR"], system.fs.lstat(name));
  const folder = tiles?.folder ?? null;
  if (folder !== null && !(await statOf(folder))?.isDirectory()) return false;
  if (path === folder) return true;
  const stat = await statOf(path);
  if (!stat?.isFile()) return false;
  return folder !== null || stat.size === bytes;
}
