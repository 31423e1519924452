/**
 * The worker: a child process in which pictures are decoded, so that a hostile one can take nothing down but this. In
 * it handlers do their work too.
 * Started by the daemon with an IPC channel; it lives as long as the daemon keeps that channel open.
 */

import { directSystem } from "../direct-system.ts";
import { SpooldError, toSpooldError } from "../errors.ts";
import type { System } from "../system.ts";
import { isHandlerTask } from "../task/task.ts";
import { openHandlers } from "./handlers/run.ts";
import type { AttemptId, DaemonMessage, Teller, WorkerMessage } from "./protocol.ts";

// A terminal sends ^C to every process of the group; when to stop is the daemon's decision alone.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

/** Tells a handler at work that the daemon is gone; what it does not do at once is not done. */
let orphan = (): void => undefined;

// The daemon is gone, so nobody publishes what is being made; threads busy with pixels end by nothing less.
process.on("disconnect", () => {
  try {
    orphan();
  } finally {
    die();
  }
});

await start();

async function start(): Promise<void> {
  try {
    // Loaded here, not above: an installation without a working sharp must be able to say so.
    const { prepareSharp } = await import("../image/decoders.ts");
    const { perform } = await import("./perform.ts");
    prepareSharp();
    const system = directSystem();
    await offerToDieFirst(system);
    const handlers = openHandlers(system, (error) => say({ kind: "spent", error }));
    orphan = () => handlers.abort(new SpooldError("DAEMON_CRASHED"));
    process.on("message", async (message: DaemonMessage) => {
      const { number, attempt } = message;
      if (message.kind === "abort") return handlers.abort(new SpooldError("TASK_CANCELLED"), message);
      const tell = tellerOf({ number, attempt });
      const { task } = message;
      const result = isHandlerTask(task)
        ? await handlers.run({ ...message, task }, tell)
        : await perform(system, { ...message, task }, tell);
      say({ kind: "ended", number, attempt, result });
    });
    say({ kind: "ready" });
  } catch (cause) {
    const error: SpooldError = toSpooldError(cause, "WORKER_UNUSABLE");
    say({ kind: "unusable", error: error.toJSON() }, () => process.exit(error.exitCode));
  }
}

function tellerOf(id: AttemptId): Teller {
  return {
    rendered: () => say({ kind: "rendered", ...id }),
    progress: (progress) => say({ kind: "progress", ...id, ...progress }),
    says: (line) => say({ kind: "says", ...id, ...line }),
  };
}

/** When memory runs out, Linux shall kill this process and neither the daemon nor anybody else (proc_pid_oom_score_adj(5)). */
async function offerToDieFirst({ fs }: System): Promise<void> {
  try {
    const handle = await fs.open("/proc/self/oom_score_adj", "r+");
    await handle.writeFile("1000").finally(() => handle.close());
  } catch {
    // Not Linux, or a /proc that is not to be written: then the kernel chooses.
  }
}

function say(message: WorkerMessage, then: () => void = () => undefined): void {
  if (process.send === undefined) die();
  else process.send(message, undefined, {}, (error: Error | null) => (error === null ? then() : die()));
}

function die(): void {
  process.kill(process.pid, "SIGKILL");
}
