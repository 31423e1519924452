import { resolve } from "node:path";
import { type SpooldError, toSpooldError } from "../../errors.ts";
import { resolveSource } from "../../image/paths.ts";
import { isHandlerTask, readsOf, type Task } from "../../task/task.ts";
import { leftAlone, readTaskFile } from "../task-file.ts";
import type { CheckContext } from "./context.ts";
import type { Finding } from "./finding.ts";

/** Sources and overlays of waiting tasks that would not be found, and that no other waiting task is to make. */
export interface SourceCheck {
  /** To be called for each task that waits. @param path of the task's file */
  note(path: string, task: Task): Promise<void>;
  findings(): Promise<readonly Finding[]>;
}

interface Missing {
  readonly path: string;
  /** The file that is missing, absolute, as the task means it. */
  readonly file: string;
  readonly error: SpooldError;
}

export function createSourceCheck(context: CheckContext): SourceCheck {
  const { system, survey, roots } = context;
  const missing: Missing[] = [];
  const absolute = (file: string): string => resolve(roots[0] ?? "/", file);

  return {
    async note(path, task) {
      if (isHandlerTask(task)) return;
      for (const read of readsOf(task)) {
        await resolveSource(system, read, roots).catch((error: unknown) => {
          missing.push({ path, file: absolute(read), error: toSpooldError(error) });
        });
      }
    },
    async findings() {
      const wanted = new Set(missing.map(({ file }) => file));
      if (wanted.size > 0) await forgetWhatIsMade(wanted);
      const left = missing.filter(({ file }) => wanted.has(file));
      return left.map(({ path, error }): Finding => ({ code: "missing-source", path, tells: error.message }));
    },
  };

  /** A second reading of all tasks, only where something is missing. */
  async function forgetWhatIsMade(wanted: Set<string>): Promise<void> {
    for (const { state, path } of [...survey.tasks.values()].flat()) {
      if (state === "failed") continue;
      const file = await readTaskFile(system, path).catch(leftAlone);
      if (file.kind !== "committed") continue;
      const { task } = file;
      const made = isHandlerTask(task) ? (task.writes ?? []) : task.outputs.map((output) => output.file);
      for (const each of made) wanted.delete(absolute(each));
    }
  }
}
