import { readFile } from "node:fs/promises";
import { startWorker, type WorkEnd, type WorkerProcess } from "../../src/daemon/worker-process.ts";
import type { Limits } from "../../src/image/limits.ts";
import type { NewTask } from "../../src/index.ts";
import type { PreparedOutput } from "../../src/worker/protocol.ts";
import { DEFAULT_LIMITS } from "../support/limits.ts";

/** A worker as the daemon starts it, without a daemon. */
export interface LoneWorker {
  /** Makes the outputs of a task; they lie under their temporary names. @throws Error when the attempt fails */
  run(task: NewTask): Promise<readonly PreparedOutput[]>;
  /** The same, but tells how the attempt ended. */
  attempt(task: NewTask): Promise<WorkEnd>;
  /** Resident size in MiB, now and at its highest (Linux). */
  memory(): Promise<{ readonly residentMib: number; readonly peakMib: number }>;
  close(): Promise<void>;
}

/** Nothing is refused: what a picture costs is what is measured. */
const LIMITS = {
  ...DEFAULT_LIMITS,
  maxInputPixels: 1_000_000_000,
  maxInputBytes: 2_000_000_000,
  maxProgressivePixels: 1_000_000_000,
};
const TIMEOUT_MS = 600_000;

/** Starts a worker and waits until it is ready. @param root sources and outputs lie below it; its real path */
export async function loneWorker(
  root: string,
  { limits = LIMITS, timeoutMs = TIMEOUT_MS }: { readonly limits?: Limits; readonly timeoutMs?: number } = {},
): Promise<LoneWorker> {
  const worker = await new Promise<WorkerProcess>((resolve, reject) => {
    const starting = startWorker(process.env, {
      ready: () => resolve(starting),
      free: () => undefined,
      spent: () => undefined,
      unusable: ({ message }) => reject(new Error(`the worker is unusable: ${message}`)),
      gone: () => reject(new Error("the worker has ended")),
    });
  });
  let number = 0;
  const attempt = (task: NewTask): Promise<WorkEnd> => {
    number += 1;
    const place = { roots: [root], spool: `${root}/spool`, handlers: `${root}/handlers`, limits, tag: "bench" };
    return worker.run({ kind: "run", number, attempt: 1, task, ...place, timeoutMs }, () => undefined);
  };
  return {
    attempt,
    async run(task) {
      const end = await attempt(task);
      if (end.kind !== "prepared") throw new Error(`${task.source}: ${JSON.stringify(end)}`);
      return end.outputs;
    },
    memory: () => memoryOf(worker.pid ?? 0),
    close: () => worker.close(),
  };
}

async function memoryOf(pid: number): Promise<{ residentMib: number; peakMib: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const mib = (field: string): number => {
    const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
    if (kib === undefined) throw new Error(`/proc/${pid}/status does not tell ${field}`);
    return Number(kib) / 1024;
  };
  return { residentMib: mib("VmRSS"), peakMib: mib("VmHWM") };
}
