import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startWorker, type Told, type WorkEnd } from "../../src/daemon/worker-process.ts";
import type { SerializedError } from "../../src/errors.ts";
import type { HandlerTask, PictureTask } from "../../src/task/task.ts";
import { DEFAULT_LIMITS } from "./limits.ts";

/** A real worker process, and what it has said. */
export interface HandlerWorker {
  readonly pid: number;
  /** Runs one attempt of a task; `timeoutMs` is its deadline, else a minute. */
  run(task: HandlerTask | PictureTask): Promise<WorkEnd>;
  /** Gives up the attempt that runs. */
  abandon(): void;
  readonly told: Told[];
  readonly spent: SerializedError[];
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
  close(): Promise<void>;
}

/** Starts a worker whose handlers lie in `handlers/` of a directory. */
export async function startHandlerWorker(root: string): Promise<HandlerWorker> {
  const told: Told[] = [];
  const spent: SerializedError[] = [];
  let number = 0;
  let left = (): void => undefined;
  const gone = new Promise<void>((resolve) => {
    left = resolve;
  });
  const worker = await new Promise<ReturnType<typeof startWorker>>((resolve, reject) => {
    const starting = startWorker(process.env, {
      ready: () => resolve(starting),
      free: () => undefined,
      spent: (error) => spent.push(error),
      unusable: ({ message }) => reject(new Error(message)),
      gone: left,
    });
  });
  return {
    pid: worker.pid ?? 0,
    run(task) {
      number += 1;
      const place = { roots: [root], spool: join(root, "spool"), handlers: join(root, "handlers"), tag: `${number}` };
      const timeoutMs = task.timeoutMs ?? 60_000;
      const request = { kind: "run" as const, number, attempt: 1, task, ...place, limits: DEFAULT_LIMITS, timeoutMs };
      return worker.run(request, (message) => told.push(message));
    },
    abandon: () => worker.abandon({ number, attempt: 1 }),
    told,
    spent,
    gone,
    close: () => worker.close(),
  };
}

/** Puts a handler into a directory of handlers, with a body for its function. */
export function placeHandler(directory: string, name: string, body: string): Promise<void> {
  return placeModule(
    directory,
    `${name}.mjs`,
    `export default async (task, { signal, progress, log }) => { ${body} };`,
  );
}

/** Puts a file into a directory of handlers. */
export async function placeModule(directory: string, file: string, text: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  await writeFile(join(directory, file), text, { mode: 0o644 });
}
