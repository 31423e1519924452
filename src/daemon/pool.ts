import type { SerializedError } from "../errors.ts";
import type { RunRequest } from "../worker/protocol.ts";
import { startWorker, type WorkEnd, type WorkerProcess } from "./worker-process.ts";

/** A fixed number of worker processes, each replaced when it dies. */
export interface Pool {
  /** How many workers are ready and have nothing to do. */
  idle(): number;
  /** How many workers are ready, busy or not. */
  ready(): number;
  /** Runs one attempt on an idle worker; only call while `idle()` is above 0. */
  run(request: RunRequest, timeoutMs: number): Promise<WorkEnd>;
  /** Kills every worker now; runs under way end as interrupted. None is replaced. */
  killAll(): void;
  /** Ends idle workers and waits until all are gone. */
  close(): Promise<void>;
}

export interface PoolEvents {
  /** A worker has become ready: there may be room for a task. */
  readonly ready: () => void;
  /** The installation cannot work at all, for example because sharp is too old. */
  readonly unusable: (error: SerializedError) => void;
  /** A worker died before it was ready. `tries` such deaths in a row; the next try comes after `retryMs`. */
  readonly diedAtStart: (facts: {
    exitCode: number | null;
    signal: string | null;
    tries: number;
    retryMs: number;
  }) => void;
}

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 30_000;

/** Starts the workers. A worker that dies at its start is tried again ever more slowly, and costs no task an attempt. */
export function openPool(size: number, env: NodeJS.ProcessEnv, events: PoolEvents): Pool {
  const all = new Set<WorkerProcess>();
  const free: WorkerProcess[] = [];
  const retries = new Set<NodeJS.Timeout>();
  let isReady = 0;
  let deathsAtStart = 0;
  let closing = false;

  for (let count = 0; count < size; count++) start();

  return {
    idle: () => free.length,
    ready: () => isReady,
    async run(request, timeoutMs) {
      const worker = free.pop();
      if (worker === undefined) return { kind: "interrupted" };
      const end = await worker.run(request, timeoutMs);
      const alive = end.kind === "prepared" || end.kind === "failed";
      if (alive && !closing && all.has(worker)) free.push(worker);
      return end;
    },
    killAll() {
      closing = true;
      for (const retry of retries) clearTimeout(retry);
      for (const worker of all) worker.kill();
    },
    async close() {
      closing = true;
      for (const retry of retries) clearTimeout(retry);
      await Promise.all([...all].map((worker) => worker.close()));
    },
  };

  function start(): void {
    if (closing) return;
    let wasReady = false;
    const worker = startWorker(env, {
      ready: () => {
        wasReady = true;
        deathsAtStart = 0;
        isReady += 1;
        free.push(worker);
        events.ready();
      },
      unusable: events.unusable,
      gone: (exitCode, signal) => {
        all.delete(worker);
        if (wasReady) isReady -= 1;
        const place = free.indexOf(worker);
        if (place >= 0) free.splice(place, 1);
        if (!closing) replace(wasReady, exitCode, signal);
      },
    });
    all.add(worker);
  }

  function replace(wasReady: boolean, exitCode: number | null, signal: string | null): void {
    if (wasReady) return start();
    deathsAtStart += 1;
    const retryMs = Math.min(FIRST_RETRY_MS * 2 ** deathsAtStart, MAX_RETRY_MS);
    events.diedAtStart({ exitCode, signal, tries: deathsAtStart, retryMs });
    const retry = setTimeout(() => {
      retries.delete(retry);
      start();
    }, retryMs);
    retries.add(retry);
  }
}
