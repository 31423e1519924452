import { basename } from "node:path";
import { SpooldError, toSpooldError } from "../../errors.ts";
import { parseJson } from "../../task/parse.ts";
import { rejectDrop } from "../intake.ts";
import { renderTask } from "../recipes.ts";
import { leftAlone, readTaskFile, type TaskFile } from "../task-file.ts";
import type { Check, CheckContext } from "./context.ts";
import type { Finding } from "./finding.ts";
import type { Listed } from "./survey.ts";

/** Files outside `tasks/` that have the name of a task and are none; in `tasks/` a daemon settles and rejects them. */
export const checkContents: Check = async (context) => {
  const findings: Finding[] = [];
  for (const listed of [...context.survey.tasks.values()].flat()) {
    if (listed.state === "tasks" || listed.state === "failed") continue;
    const file = await readTaskFile(context.system, listed.path).catch(leftAlone);
    findings.push(...(await faultsOf(context, listed, file)));
  }
  return findings;
};

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
