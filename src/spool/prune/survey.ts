/** Which traces of tasks that have ended there are, by their names and what `lstat` tells; nothing is opened. */
import { join } from "node:path";
import { ignoring, type System } from "../../system.ts";
import { readName, reasonName, receiptName } from "../../task/name.ts";
import type { Layout } from "../layout.ts";
import type { Trace } from "./limits.ts";
import { inSlices, type Rest } from "./slices.ts";

/** Whose traces can be pruned. */
export type PrunedState = "done" | "failed" | "rejected";

/**
 * All traces in a state. What has not the name of one is somebody's own, and no trace.
 * @returns undefined when it was told to stop before its end
 */
export async function survey(
  system: System,
  layout: Layout,
  state: PrunedState,
  rest: Rest,
): Promise<readonly Trace[] | undefined> {
  const names: string[] = [];
  for await (const found of await system.fs.opendir(layout[state], { bufferSize: 1_024 })) {
    if (found.isFile() && isTrace(state, found.name)) names.push(found.name);
  }
  const traces: Trace[] = [];
  const isWhole = await inSlices(names, rest, async (file) => {
    const trace = await traceOf(system, layout, state, file);
    if (trace !== undefined) traces.push(trace);
  });
  return isWhole ? traces : undefined;
}

/** Why a task failed, or a drop was rejected: the file beside it. */
export function reasonBeside(state: "failed" | "rejected", { file, number }: Pick<Trace, "file" | "number">): string {
  return reasonName(state === "failed" && number !== null ? number : file);
}

function isTrace(state: PrunedState, name: string): boolean {
  if (state === "rejected") return !name.endsWith(".reason.json");
  const number = numberOf(name);
  return number !== null && (state === "failed" || name === receiptName(number));
}

function numberOf(name: string): number | null {
  const kind = readName(name);
  return kind.kind === "task" ? kind.entry.number : null;
}

/** @returns undefined when it has gone meanwhile */
async function traceOf({ fs }: System, layout: Layout, state: PrunedState, file: string): Promise<Trace | undefined> {
  const stat = await ignoring(["ENOENT"], fs.lstat(join(layout[state], file)));
  if (stat === undefined) return undefined;
  const number = state === "rejected" ? null : numberOf(file);
  if (state === "done") return { file, number, endedAtMs: stat.mtimeMs, changedAtMs: stat.ctimeMs, bytes: stat.size };
  const reason = join(layout[state], reasonBeside(state, { file, number }));
  const beside = await ignoring(["ENOENT"], fs.lstat(reason));
  // A file keeps its time of writing when it is moved; only its entry tells when it came to lie there.
  const endedAtMs = beside?.mtimeMs ?? stat.ctimeMs;
  return { file, number, endedAtMs, changedAtMs: stat.ctimeMs, bytes: stat.size + (beside?.size ?? 0) };
}
