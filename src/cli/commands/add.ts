import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { errnoOf, SpooldError } from "../../errors.ts";
import { layoutOf } from "../../spool/layout.ts";
import { renderTask } from "../../spool/recipes.ts";
import { openSpool } from "../../spool/spool.ts";
import { realSystem } from "../../system.ts";
import { keyOf } from "../../task/key.ts";
import { MAX_TASK_BYTES, parseJson } from "../../task/parse.ts";
import type { Task } from "../../task/task.ts";
import type { JsonOptions } from "../options.ts";
import { printJson, printLine } from "../output.ts";

/** A task may be told by options, when a recipe says what to make. */
export interface AddOptions extends JsonOptions {
  readonly source?: string;
  readonly recipe?: string;
  readonly set?: Readonly<Record<string, string>>;
  readonly supplicant?: string;
  readonly summary?: string;
  readonly priority?: number;
}

/** Enqueues task files in the order given, or one task told by options. All are checked before the first is enqueued. */
export async function add(files: readonly string[], options: AddOptions): Promise<number> {
  const tasks: Task[] = [];
  const told = taskToldBy(options, files);
  if (told !== undefined) tasks.push(await render(told, options));
  else for (const file of files.length === 0 ? ["-"] : files) tasks.push(await readTask(file, options));
  const spool = await openSpool(options.spool);
  for (const task of tasks) {
    const { number, outputs } = await spool.enqueue(task);
    if (options.json) printJson({ number, outputs });
    else printLine(String(number));
  }
  return 0;
}

/** The task that the options tell; undefined when they tell none. @throws USAGE when they do not go together */
function taskToldBy(options: AddOptions, files: readonly string[]): object | undefined {
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
async function render(value: unknown, { spool }: AddOptions): Promise<Task> {
  const task = await renderTask(realSystem(), layoutOf(spool), value);
  return { ...task, key: keyOf(task) };
}

async function readTask(file: string, options: AddOptions): Promise<Task> {
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
