import { resolveSettings } from "../config.ts";
import { ignoring, type System } from "../system.ts";
import { isHandlerTask, type PictureTask, type Task } from "../task/task.ts";
import { findTask } from "./find.ts";
import type { Layout } from "./layout.ts";
import { readTaskFile } from "./task-file.ts";

/** A picture that a task will make. */
export interface ExpectedOutput {
  /** As the task names it: relative to the daemon's first root. */
  readonly file: string;
  /** Pixels; absent when the source cannot be read from here, or only the worker can tell. */
  readonly width?: number;
  readonly height?: number;
}

/** Tells of tasks what they will make, and how large, as far as the headers of their sources say. */
export interface Foreteller {
  /** Never rejects: a size that cannot be told is left out. */
  expectedOutputs(task: Task): Promise<readonly ExpectedOutput[]>;
}

/** So many sources are open at once: thousands of calls that overlap must not use up the descriptors of a process. */
const MAX_OPEN = 16;

/** Foretells sizes for the producers of a spool. */
export function openForeteller(system: System, layout: Layout): Foreteller {
  const waiting: (() => void)[] = [];
  let open = 0;

  return {
    async expectedOutputs(task) {
      if (isHandlerTask(task)) return [];
      if (open === MAX_OPEN) await new Promise<void>((resolve) => waiting.push(resolve));
      else open += 1;
      try {
        return await foretell(system, layout, task);
      } catch {
        // Sizes are a service; a setting that is wrong or a file that is missing must not keep a task from its queue.
        return filesOf(task);
      } finally {
        // Whoever waits takes this place over, so that nobody slips in between.
        const next = waiting.shift();
        if (next === undefined) open -= 1;
        else next();
      }
    },
  };
}

async function foretell(system: System, layout: Layout, task: PictureTask): Promise<readonly ExpectedOutput[]> {
  // Loaded here, not above: a command that enqueues nothing needs none of it.
  const { foretellSizes } = await import("../image/foretell.ts");
  const sizes = await foretellSizes(system, task, await firstRoot(system, layout));
  return filesOf(task).map((output, index) => ({ ...output, ...sizes[index] }));
}

/** What a task will make, without sizes. */
export function filesOf(task: Task): readonly ExpectedOutput[] {
  return isHandlerTask(task) ? [] : task.outputs.map(({ file }) => ({ file }));
}

/** What a task that is queued will make, without sizes. @param otherwise told when it cannot be read any more */
export async function expectedOf(
  system: System,
  layout: Layout,
  number: number,
  otherwise: readonly ExpectedOutput[],
): Promise<readonly ExpectedOutput[]> {
  const found = await findTask(system, layout, number);
  const file = found === undefined ? undefined : await readTaskFile(system, found.path);
  return file?.kind === "committed" ? filesOf(file.task) : otherwise;
}

/** Where the daemon's relative paths start, unless a flag tells it otherwise: that is not known here. */
async function firstRoot({ fs }: System, { settingsFile }: Layout): Promise<string> {
  const env = { SPOOLD_ROOT: process.env["SPOOLD_ROOT"] };
  const text =
    env.SPOOLD_ROOT === undefined ? await ignoring(["ENOENT"], fs.readFile(settingsFile, "utf8")) : undefined;
  const file: unknown = text === undefined ? undefined : JSON.parse(text);
  const [root = "."] = resolveSettings({ flags: {}, env, file }, { cores: 1, workingDirectory: process.cwd() }).roots;
  return root;
}
