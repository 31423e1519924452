/**
 * The worker: a child process in which pictures are decoded, so that a hostile one can take nothing down but this.
 * Started by the daemon with an IPC channel; it lives as long as the daemon keeps that channel open.
 */
import { type SpooldError, toSpooldError } from "../errors.ts";
import { directSystem, type System } from "../system.ts";
import type { RunRequest, WorkerMessage } from "./protocol.ts";

// A terminal sends ^C to every process of the group; when to stop is the daemon's decision alone.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

// The daemon is gone, so nobody publishes what is being made; threads busy with pixels end by nothing less.
process.on("disconnect", die);

await start();

async function start(): Promise<void> {
  try {
    // Loaded here, not above: an installation without a working sharp must be able to say so.
    const { prepareSharp } = await import("../image/decoders.ts");
    const { perform } = await import("./perform.ts");
    prepareSharp();
    const system = directSystem();
    await offerToDieFirst(system);
    process.on("message", async (request: RunRequest) => {
      const { number, attempt } = request;
      const result = await perform(system, request, () => say({ kind: "rendered", number, attempt }));
      say({ kind: "ended", number, attempt, result });
    });
    say({ kind: "ready" });
  } catch (cause) {
    const error: SpooldError = toSpooldError(cause, "WORKER_UNUSABLE");
    say({ kind: "unusable", error: error.toJSON() }, () => process.exit(error.exitCode));
  }
}

/** When memory runs out, Linux shall kill this process and neither the daemon nor anybody else (proc_pid_oom_score_adj(5)). */
async function offerToDieFirst({ fs }: System): Promise<void> {
  try {
    const handle = await fs.open("/proc/self/oom_score_adj", "r+");
    await handle.writeFile("1000");
    await handle.close();
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
