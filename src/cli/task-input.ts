/** Where a command gets the task from that it is to enqueue, or to plan. */
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { errnoOf, SpooldError } from "../errors.ts";
import { layoutOf } from "../spool/layout.ts";
import { renderTask } from "../spool/recipes.ts";
import { realSystem } from "../system.ts";
import { keyOf } from "../task/key.ts";
import type { Task } from "../task/task.ts";
import { MAX_TASK_BYTES, parseJson } from "../task/text.ts";
import type { JsonOptions } from "./options.ts";

/** A task may be told by options, when a recipe says what to make. */
export interface TaskOptions extends JsonOptions {
  readonly source?: string;
  readonly recipe?: string;
  readonly set?: Readonly<Record<string, string>>;
  readonly supplicant?: string;
  readonly summary?: string;
  readonly priority?: number;
}

/**
 * The tasks that files hold, in their order, or the one that options tell; all are checked and filled in.
 * @param files `-` is standard input, which is also read when neither files nor options tell a task
 * @throws USAGE when options do not go together; TASK_INVALID, TASK_TOO_LARGE, RECIPE_MISSING or IO_ERROR
 */
export async function readTasks(files: readonly string[], options: TaskOptions): Promise<readonly Task[]> {
  const told = taskToldBy(options, files);
  if (told !== undefined) return [await render(told, options)];
  const tasks: Task[] = [];
  for (const file of files.length === 0 ? ["-"] : files) tasks.push(await readTask(file, options));
  return tasks;
}

/** The task that the options tell; undefined when they tell none. @throws USAGE when they do not go together */
function taskToldBy(options: TaskOptions, files: readonly string[]): object | undefined {
  const { source, recipe, set: vars, supplicant, summary, priority } = options;
  const task = { source, recipe, vars, supplicant, summary, priority };
  if (Object.values(task).every((value) => value === undefined)) return undefined;
  if (files.length > 0)
    throw new SpooldError("USAGE", { because: "a task is told by files or by options, not by both" });
  if (source === undefined || recipe === undefined) {
    throw new SpooldError("USAGE", { because: "--source and --recipe need each other, other options need both" });
  }
  return task;
}

/** The task as it will be enqueued. Its key says that it has been filled in, so that it is not filled in once more. */
async function render(value: unknown, { spool }: TaskOptions): Promise<Task> {
  const task = await renderTask(realSystem(), layoutOf(spool), value);
  return { ...task, key: keyOf(task) };
}

async function readTask(file: string, options: TaskOptions): Promise<Task> {
  const content = await read(file);
  try {
    return await render(parseJson(content), options);
  } catch (error) {
    if (!(error instanceof SpooldError)) throw error;
    // Several files may be given: which one is wrong must be told.
    throw new SpooldError(error.code, { file, ...error.facts }, { cause: error.cause });
  }
}

async function read(file: string): Promise<string> {
  try {
    return await readBounded(file, file === "-" ? process.stdin : createReadStream(file));
  } catch (error) {
    if (error instanceof SpooldError) throw error;
    throw new SpooldError("IO_ERROR", { file, errno: errnoOf(error) }, { cause: error });
  }
}

/** Reads no more than a task may hold: what is given by mistake may be a film, or have no end. */
async function readBounded(file: string, stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_TASK_BYTES) throw new SpooldError("TASK_TOO_LARGE", { file, limit: MAX_TASK_BYTES });
  }
  return Buffer.concat(chunks).toString();
}
