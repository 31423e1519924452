import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { errnoOf, SpooldError } from "../../errors.ts";
import { type NewTask, openSpool } from "../../spool/spool.ts";
import { MAX_TASK_BYTES, parseTask } from "../../task/parse.ts";
import type { JsonOptions } from "../options.ts";
import { printJson, printLine } from "../output.ts";

/** Enqueues task files in the order given. All are checked before the first is enqueued. */
export async function add(files: readonly string[], options: JsonOptions): Promise<number> {
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
  try {
    const { key: _workedOutAnew, ...task } = parseTask(content);
    return task;
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
