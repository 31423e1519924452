/**
 * Errors that a handler throws where nobody waits for them: from a timer, an event or a promise that it has dropped.
 * They belong to the run from which they come, be it over or not, and to no other task.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { Worker } from "node:worker_threads";

export interface Strays<Run> {
  /** Does work of a run; what goes astray of it, then or later, is told of as this run's. */
  within<T>(run: Run, work: () => T): T;
}

/**
 * Ends this process when the daemon has gone while a handler keeps the process so busy that it cannot see it. In a
 * thread of its own, which costs some 9 MiB, so it is started with the first handler and not before.
 */
const GUARD = `
  const { workerData: daemon } = require("node:worker_threads");
  setInterval(() => { if (process.ppid !== daemon) process.kill(process.pid, "SIGKILL"); }, 500);
`;

/** @param astray told of each error; `run` is undefined when nobody knows where it comes from */
export function createStrays<Run>(astray: (error: unknown, run: Run | undefined) => void): Strays<Run> {
  const storage = new AsyncLocalStorage<Run>();
  const hear = (error: unknown): void => astray(error, storage.getStore());
  // Asked now, not by the thread: when that begins, the daemon may be dead already.
  const daemon = process.ppid;
  let listens = false;
  return {
    within(run, work) {
      // Before any handler has run, an error that nobody caught is our own, and ends the process as it should.
      if (!listens) {
        process.on("uncaughtException", hear).on("unhandledRejection", hear);
        new Worker(GUARD, { eval: true, execArgv: [], workerData: daemon }).unref();
      }
      listens = true;
      return storage.run(run, work);
    },
  };
}
