import { join } from "node:path";
import { ignoring, type System } from "../../system.ts";
import { parseObject } from "../../task/text.ts";
import { isBatchName } from "../../task/words.ts";
import type { Layout } from "../layout.ts";
import type { PrunedEnd } from "../pruned.ts";
import { readTaskFile } from "../task-file.ts";
import type { Trace } from "./limits.ts";
import type { PrunedState } from "./survey.ts";

/** What must be known of a trace before it goes. */
export interface Memory {
  readonly trace: Trace;
  readonly end: PrunedEnd;
  readonly batch: string | undefined;
}

/** @returns undefined for what is no trace of a task, whatever its name says: it is left alone */
export async function memoryOf(
  system: System,
  layout: Layout,
  state: PrunedState,
  trace: Trace,
): Promise<Memory | undefined> {
  const path = join(layout[state], trace.file);
  if (state === "rejected") return { trace, end: "failed", batch: undefined };
  if (state === "failed") {
    const file = await readTaskFile(system, path);
    const batch = file.kind === "committed" ? file.task.batch : undefined;
    return { trace, end: "failed", batch };
  }
  const text = await ignoring(["ENOENT"], system.fs.readFile(path, "utf8"));
  const receipt = text === undefined ? undefined : parseObject(text);
  // A person may have put the task itself there.
  if (receipt?.["number"] !== trace.number || !Array.isArray(receipt["outputs"])) return undefined;
  const { batch, status } = receipt;
  const end = status === "cancelled" ? "cancelled" : "done";
  return { trace, end, batch: typeof batch === "string" && isBatchName(batch) ? batch : undefined };
}
