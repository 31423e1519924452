/** Workers that make no pixels, but write files as workers do: through the code that makes them durable. */
import { join } from "node:path";
import type { DaemonContext } from "../../../src/daemon/context.ts";
import type { Pool } from "../../../src/daemon/pool.ts";
import type { WorkEnd } from "../../../src/daemon/worker-process.ts";
import { SpooldError } from "../../../src/errors.ts";
import { TILES_NAME } from "../../../src/image/destinations.ts";
import type { Pyramid } from "../../../src/image/pyramid.ts";
import type { RenderedOutput } from "../../../src/image/render.ts";
import type { System } from "../../../src/system.ts";
import { isHandlerTask, type Output, type PictureTask, type Task } from "../../../src/task/task.ts";
import { prepareOutputs } from "../../../src/worker/prepare.ts";
import type { PictureRequest, RunRequest } from "../../../src/worker/protocol.ts";

/** How a task of this torture goes: the last word of its summary. `retry` and `crash` come to their end at attempt 2. */
export const WAYS = ["well", "retry", "crash", "badly"] as const;
export type Way = (typeof WAYS)[number];

export function wayOf({ summary = "" }: Pick<Task, "summary">): Way {
  return WAYS.find((way) => summary.endsWith(` ${way}`)) ?? "well";
}

/** Files that an output consists of, from the first root on, and what they hold. */
export function filesOf({ file, tile }: Output): ReadonlyMap<string, string> {
  if (tile === undefined) return new Map([[file, `pixels of ${file} `.repeat(8)]]);
  const folder = file.replace(/\.dzi$/, "_files");
  const tiles = [`${folder}/0/0_0.jpeg`, `${folder}/1/0_0.jpeg`, `${folder}/1/1_0.jpeg`];
  return new Map([file, ...tiles].map((name) => [name, `pixels of ${name} `.repeat(4)]));
}

/** As many as a daemon with two cores has. */
const SIZE = 2;

/** A pool in this process; each attempt ends as its task says. */
export function openPool({ system }: Pick<DaemonContext, "system">, freed: () => void): Pool {
  let busy = 0;
  return {
    room: () => SIZE - busy,
    ready: () => SIZE,
    isBroken: () => false,
    async run({ request, begun }) {
      busy += 1;
      begun(0);
      const end = await attempt(system, request);
      busy -= 1;
      freed();
      return end;
    },
    // What is being written goes to its end, as with real workers.
    abandon: () => undefined,
    giveBack: () => undefined,
    killAll: () => undefined,
    close: async () => undefined,
  };
}

async function attempt(system: System, request: RunRequest): Promise<WorkEnd> {
  const { task, attempt: count } = request;
  const way = wayOf(task);
  if (way === "badly") return { kind: "failed", error: new SpooldError("HANDLER_REFUSED").toJSON() };
  if (way === "crash" && count === 1) return { kind: "crashed", exitCode: null, signal: "SIGSEGV" };
  if (way === "retry" && count === 1) return { kind: "failed", error: new SpooldError("HANDLER_FAILED").toJSON() };
  if (isHandlerTask(task)) return { kind: "handled", json: '"well"' };
  const pictures = task.outputs.map((output) => pictureOf(system, output));
  const source = { path: "/in.jpg", width: 8, height: 8, bytes: 8, format: "jpeg", orientation: 1 };
  const tell = { rendered: () => undefined, made: () => undefined };
  return {
    kind: "prepared",
    source,
    outputs: await prepareOutputs(system, { ...request, task: task as PictureTask } as PictureRequest, pictures, tell),
  };
}

function pictureOf(system: System, output: Output): RenderedOutput | Pyramid {
  const files = filesOf(output);
  if (output.tile === undefined) {
    const bytes = Buffer.from(files.get(output.file) ?? "");
    return { file: output.file, format: "jpeg", bytes, width: 8, height: 8 };
  }
  return { output, format: "jpeg", dice: (target) => dice(system, target, output) };
}

/** As libvips does it: nothing is fsynced. @param target ends with the name that pyramids have on the way */
async function dice(system: System, target: string, output: Output): Promise<{ width: number; height: number }> {
  const { fs } = system;
  const holder = target.slice(0, -TILES_NAME.length);
  const folder = output.file.replace(/\.dzi$/, "_files");
  for (const directory of ["", "/0", "/1"]) await fs.mkdir(`${target}_files${directory}`);
  for (const [name, content] of filesOf(output)) {
    const path =
      name === output.file ? `${target}.dzi` : join(holder, `${TILES_NAME}_files`, name.slice(folder.length));
    const handle = await fs.open(path, "wx", 0o666);
    await handle.writeFile(content);
    await handle.close();
  }
  return { width: 8, height: 8 };
}
