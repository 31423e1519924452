import { resolve } from "node:path";
import { toSpooldError } from "../../errors.ts";
import { resolveSource } from "../../image/paths.ts";
import { isHandlerTask, readsOf, type Task } from "../../task/task.ts";
import { leftAlone, readTaskFile } from "../task-file.ts";
import type { Check, CheckContext } from "./context.ts";
import type { Finding } from "./finding.ts";

interface Missing {
  /** Of the task. */
  readonly path: string;
  /** The file that is missing, absolute, as the task means it. */
  readonly file: string;
  readonly tells: string;
}

/** Sources and overlays of waiting tasks that would not be found, and that no other waiting task is to make. */
export const checkSources: Check = async (context) => {
  const missing: Missing[] = [];
  await eachWaiting(context, async (path, task) => {
    if (isHandlerTask(task)) return;
    for (const read of readsOf(task)) {
      const error = await resolveSource(context.system, read, context.roots).then(
        () => undefined,
        (reason: unknown) => toSpooldError(reason),
      );
      if (error !== undefined) missing.push({ path, file: absolute(context, read), tells: error.message });
    }
  });
  if (missing.length === 0) return [];
  const wanted = new Set(missing.map(({ file }) => file));
  await eachWaiting(context, async (_path, task) => {
    const files = isHandlerTask(task) ? (task.writes ?? []) : task.outputs.map(({ file }) => file);
    for (const file of files) wanted.delete(absolute(context, file));
  });
  const left = missing.filter(({ file }) => wanted.has(file));
  return left.map(({ path, tells }): Finding => ({ code: "missing-source", path, tells }));
};

/** They are read one by one, and twice where need be: a large backlog does not fit into memory. */
async function eachWaiting(
  { system, survey }: CheckContext,
  work: (path: string, task: Task) => Promise<void>,
): Promise<void> {
  for (const { state, path } of [...survey.tasks.values()].flat()) {
    if (state === "failed" || state === "active") continue;
    const file = await readTaskFile(system, path).catch(leftAlone);
    if (file.kind === "committed") await work(path, file.task);
  }
}

function absolute({ roots }: CheckContext, file: string): string {
  return resolve(roots[0] ?? "/", file);
}
