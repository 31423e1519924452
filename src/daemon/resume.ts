import { SpooldError } from "../errors.ts";
import { taskFields } from "../log.ts";
import { readBegunMarks } from "../spool/begun.ts";
import type { ActiveTask } from "../spool/claim.ts";
import { finishFailed } from "../spool/finish.ts";
import { recover } from "../spool/recover.ts";
import { readTaskFile } from "../spool/task-file.ts";
import { invalidTask } from "../task/faults.ts";
import type { Outcome } from "../task/outcome.ts";
import { type Conclusion, settle } from "./attempt.ts";
import type { DaemonContext } from "./context.ts";
import { finishOutputs } from "./outputs.ts";

/**
 * Goes on where a daemon that died has left off, with no waiting: one exclusive lock means that every claim found is
 * an orphan.
 * @returns how many tasks went to `failed/`
 */
export async function resume(context: DaemonContext): Promise<number> {
  const { system, layout, log } = context;
  const { orphans, finished, restored, sweptTemporaries } = await recover(system, layout);
  for (const number of finished) log.event("info", "receipt found", { number });
  for (const name of restored) log.event("info", "drop put back", { name });
  if (sweptTemporaries > 0) log.event("info", "temporaries swept", { count: sweptTemporaries });
  const hasBegun = await readBegunMarks(system, layout);
  let failed = 0;
  for (const active of orphans) {
    if (!(await context.lock.isHeld()))
      throw new SpooldError("LOCK_LOST", { generation: context.lock.owner.generation });
    const outcome = { kind: hasBegun(active) ? ("orphaned" as const) : ("interrupted" as const) };
    if ((await resumeOrphan(context, active, outcome)) === "failed") failed += 1;
  }
  return failed;
}

async function resumeOrphan(context: DaemonContext, active: ActiveTask, outcome: Outcome): Promise<Conclusion["move"]> {
  const { system, layout, log } = context;
  const file = await readTaskFile(system, active.path);
  if (file.kind === "committed") {
    const attempt = { active, task: file.task, startedAtMs: system.nowMs() };
    await finishOutputs(context, attempt);
    return (await settle(context, attempt, outcome)).move;
  }
  // A person was quicker, and has taken it away.
  if (file.kind === "unreadable" && file.gone) return "taken";
  // Somebody has changed a file in active/ by hand: what it asks for was never checked.
  const error = invalidTask([{ pointer: "", expected: "a task as enqueue or intake wrote it" }]).toJSON();
  const endedAt = new Date(system.nowMs()).toISOString();
  const reason = { number: active.number, supplicant: null, summary: null, error, attempts: [], endedAt };
  await finishFailed(system, layout, active, reason);
  log.event("error", "task failed", { ...taskFields(active), error });
  return "failed";
}
