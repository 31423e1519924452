import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { errnoOf, SpooldError } from "../../errors.ts";
import { type NewTask, openSpool } from "../../spool/spool.ts";
import { MAX_TASK_BYTES, parseTask } from "../../task/parse.ts";
import { printJson, printLine } from "../output.ts";
import type { CommonOptions } from "../program.ts";

interface AddOptions extends CommonOptions {
  readonly json?: true;
}

/** Enqueues task files in the order given. All are checked before the first is enqueued. */
export async function add(files: readonly string[], options: AddOptions): Promise<number> {
  const tasks: NewTask[] = [];
  for (const file of files.length === 0 ? ["-"] : files) tasks.push(await readTask(file));
  const spool = await openSpool(options.spool);
  for (const task of tasks) {
    const { number, outputs } = await spool.enqueue(task);
    if (options.json) printJson({ number, outputs });
    else printLine(String(number));
  }
  return 0;
}

async function readTask(file: string): Promise<NewTask> {
  const content = await read(file);
  const bytes = Buffer.byteLength(content);
  if (bytes > MAX_TASK_BYTES) throw new SpooldError("TASK_TOO_LARGE", { file, bytes, limit: MAX_TASK_BYTES });
  const { key: _workedOutAnew, ...task } = parseTask(content);
  return task;
}

async function read(file: string): Promise<string> {
  if (file === "-") return text(process.stdin);
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new SpooldError("IO_ERROR", { file, errno: errnoOf(error) }, { cause: error });
  }
}
