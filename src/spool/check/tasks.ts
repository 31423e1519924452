import { basename, dirname, resolve } from "node:path";
import { SpooldError, toSpooldError } from "../../errors.ts";
import { isHandlerTask, type Task } from "../../task/task.ts";
import { parseJson } from "../../task/text.ts";
import { rejectDrop } from "../intake.ts";
import { inSlices, type Rest } from "../prune/slices.ts";
import { renderTask } from "../recipes.ts";
import { leftAlone, readTaskFile, type TaskFile } from "../task-file.ts";
import type { Check, CheckContext } from "./context.ts";
import type { Finding } from "./finding.ts";
import { createSourceCheck } from "./sources.ts";
import type { Listed } from "./survey.ts";

/** What task files say. Each is read once, and not many at a time: a large backlog does not fit into memory. */
export const checkTasks: Check = async (context) => {
  const findings: Finding[] = [];
  const sources = createSourceCheck(context);
  await inSlices([...context.survey.tasks.values()].flat(), goOn, async (listed) => {
    const { state, path } = listed;
    const file = await readTaskFile(context.system, path).catch(leftAlone);
    // In tasks/ a daemon settles drops and rejects them.
    if (state !== "tasks" && state !== "failed") findings.push(...(await faultsOf(context, listed, file)));
    if (file.kind !== "committed") return;
    noteDirectories(context, file.task);
    if (state !== "active" && state !== "failed") await sources.note(path, file.task);
  });
  return [...findings, ...(await sources.findings())];
};

const goOn: Rest = async () => true;

function noteDirectories({ roots, outputDirectories }: CheckContext, task: Task): void {
  if (isHandlerTask(task)) return;
  for (const { file } of task.outputs) outputDirectories.add(dirname(resolve(roots[0] ?? "/", file)));
}

async function faultsOf(context: CheckContext, listed: Listed, file: TaskFile): Promise<readonly Finding[]> {
  const { state, path } = listed;
  if (file.kind === "committed" || (file.kind === "unreadable" && file.gone)) return [];
  if (file.kind === "unreadable") return [{ code: "not-a-task", path, tells: `it cannot be read: ${file.because}` }];
  if (state === "active") {
    const tells = "it was changed by hand; a start makes a dead letter of it";
    return context.owner === undefined ? [{ code: "not-a-task", path, tells }] : [];
  }
  const error = await faultOf(context, file);
  // It was changed by hand, and is taken in as a drop when its turn comes.
  if (error === undefined) return [];
  const apply = async (): Promise<void> => {
    // Its own directory stands for that of drops: when it has changed since, it is put back there.
    const { system, layout } = context;
    const from = { ...layout, tasks: layout[state] };
    await rejectDrop({ system, layout: from }, basename(path), file.fingerprint, error);
  };
  return [{ code: "not-a-task", path, tells: error.message, mend: { needsLock: state === "deferred", apply } }];
}

async function faultOf(
  { system, layout }: CheckContext,
  file: Extract<TaskFile, { kind: "drop" | "oversized" }>,
): Promise<SpooldError | undefined> {
  if (file.kind === "oversized") return new SpooldError("TASK_TOO_LARGE", { bytes: Number(file.fingerprint.size) });
  try {
    await renderTask(system, layout, parseJson(file.bytes.toString()));
    return undefined;
  } catch (error) {
    return toSpooldError(error);
  }
}
