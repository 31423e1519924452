import { prepareSharp } from "../../image/decoders.ts";
import { estimateMib } from "../../image/estimate.ts";
import { resolveRoots } from "../../image/paths.ts";
import { readStorage } from "../../image/storage.ts";
import { layoutOf } from "../../spool/layout.ts";
import { ignoring, realSystem } from "../../system.ts";
import { checkPictureTask } from "../../task/parse.ts";
import type { PictureTask } from "../../task/task.ts";
import { type Preparation, prepare } from "../../worker/perform.ts";
import { printJson, printLine } from "../output.ts";
import { drawTree, tellSource } from "../plan-tree.ts";
import { readSettings } from "../settings.ts";
import { readTasks, type TaskOptions } from "../task-input.ts";

type PlanOptions = TaskOptions & Readonly<Record<string, unknown>>;

/**
 * Shows what a task would make, without making it: its header is read here, no pixel is decoded, nothing is written.
 * @throws what the daemon would turn the task away for, as far as that can be known beforehand
 */
export async function plan(file: string | undefined, options: PlanOptions): Promise<number> {
  const settings = readSettings(options);
  const [read] = await readTasks(file === undefined ? [] : [file], options);
  const task = checkPictureTask(read);
  const system = realSystem();
  const { root } = layoutOf(options.spool);
  const spool = (await ignoring(["ENOENT", "ENOTDIR"], system.fs.realpath(root))) ?? root;
  const roots = await resolveRoots(system, settings.roots);
  prepareSharp();
  const prepared = await prepare(system, { task, roots, spool, limits: settings });
  const memoryMib = estimateMib(prepared.plan, prepared.header, await readStorage(prepared.bytes.bytes));
  if (options.json) printJson(jsonOf(task, prepared, memoryMib));
  else tellPlan(task, prepared, memoryMib);
  return 0;
}

function tellPlan(task: PictureTask, prepared: Preparation, memoryMib: number): void {
  printLine(tellSource(task.source, prepared));
  for (const line of drawTree(prepared.plan)) printLine(line);
  printLine(`decoded ${times(prepared.plan.filter(({ parent }) => parent === null).length)}`);
  printLine(`memory  about ${memoryMib} MiB for the worker at its peak`);
}

function times(count: number): string {
  return ["", "once", "twice"][count] ?? `${count} times`;
}

function jsonOf(task: PictureTask, { bytes, header, plan: outputs }: Preparation, memoryMib: number): object {
  const { isPlain: _forThePlanOnly, ...facts } = header;
  return {
    source: { file: task.source, path: bytes.path, bytes: bytes.bytes.length, ...facts },
    outputs: outputs.map(({ output, format, size, parent, because, frames }) => ({
      file: output.file,
      format,
      width: size?.width ?? null,
      height: size?.height ?? null,
      frames,
      from: parent === null ? null : (outputs[parent]?.output.file ?? null),
      because,
    })),
    memoryMib,
  };
}
