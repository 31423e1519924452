import { openSpool } from "../../spool/spool.ts";
import { printJson, printLine } from "../output.ts";
import { readTasks, type TaskOptions } from "../task-input.ts";

/** Enqueues task files in the order given, or one task told by options. All are checked before the first is enqueued. */
export async function add(files: readonly string[], options: TaskOptions): Promise<number> {
  const tasks = await readTasks(files, options);
  const spool = await openSpool(options.spool);
  for (const task of tasks) {
    const { number, outputs } = await spool.enqueue(task, { sizes: options.json === true });
    if (options.json) printJson({ number, outputs });
    else printLine(String(number));
  }
  return 0;
}
