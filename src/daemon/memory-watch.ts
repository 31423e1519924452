import type { Settings } from "../config.ts";
import { type SerializedError, SpooldError } from "../errors.ts";
import type { System } from "../system.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** Looks at how much memory busy workers take. Only Linux tells; elsewhere nothing is watched. */
export interface MemoryWatch {
  /** To be called when a worker has become busy: begins to look, until none is. */
  look(): void;
  stop(): void;
}

export interface MemoryEvents {
  /** The workers that have work. */
  readonly busy: () => readonly WorkerProcess[];
  /** A worker has grown so large that a new one had better take its place. */
  readonly large: (worker: WorkerProcess) => void;
}

/** Between looks: what is taken and given back within this time is not seen. */
const LOOK_MS = 100;

/** Kills a worker that takes more than `workerMemory`: the task whose pixels it was at fails. */
export function watchMemory(
  system: System,
  { workerMemory, recycleBytes }: Pick<Settings, "workerMemory" | "recycleBytes">,
  { busy, large }: MemoryEvents,
): MemoryWatch {
  let timer: NodeJS.Timeout | undefined;
  return {
    look() {
      if (process.platform === "linux") timer ??= setInterval(() => void lookAtAll(), LOOK_MS).unref();
    },
    stop,
  };

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }

  async function lookAtAll(): Promise<void> {
    const workers = busy();
    if (workers.length === 0) stop();
    for (const worker of workers) {
      const resident = await residentBytes(system, worker.pid);
      if (resident > workerMemory) worker.kill({ kind: "failed", error: tooLarge(resident, workerMemory) });
      else if (resident > recycleBytes) large(worker);
    }
  }
}

function tooLarge(bytes: number, limit: number): SerializedError {
  return new SpooldError("WORKER_TOO_LARGE", { bytes, limit }).toJSON();
}

/** As proc_pid_status(5) tells it. @returns 0 when the process has gone */
async function residentBytes({ fs }: System, pid: number | undefined): Promise<number> {
  try {
    const status = await fs.readFile(`/proc/${pid}/status`, "latin1");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
  } catch {
    return 0;
  }
}
