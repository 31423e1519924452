/**
 * Tells systemd how the daemon is, as sd_notify(3) says: only where `NOTIFY_SOCKET` is set, as in a unit of `Type=notify`.
 *
 * That socket takes datagrams, for which Node has no sockets, and no package has them without code of its own that must be
 * compiled. So the words are spoken by `systemd-notify`, which comes with systemd: a process of a few ms, now and then.
 * It waits until it was heard, so that systemd can tell whose word it is; the unit must say `NotifyAccess=all`.
 */
import { spawn } from "node:child_process";
import type { Log } from "../log.ts";

/** Who started the daemon, where it wants to hear of it. */
export interface Systemd {
  /** The spool is owned; what is told once is not told again. */
  ready(): void;
  /** The main loop has come round: told as a sign of life, when one is due. */
  turned(status: () => string): void;
  /** Nothing more is started. */
  stopping(): void;
  close(): void;
}

export interface SystemdOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  /** Makes the main loop come round soon. A loop that hangs does not, and gives no sign of life. */
  readonly ring: () => void;
}

/** The longest delay that setInterval takes; a longer one would be none at all. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The systemd that the environment names, or one that hears nothing. */
export function openSystemd({ env, log, ring }: SystemdOptions): Systemd {
  const socket = env["NOTIFY_SOCKET"] ?? "";
  const watchdogMs = watchdogMsOf(env);
  let isReady = false;
  let isDue = false;
  let isDeaf = false;
  let told: Promise<void> = Promise.resolve();
  const askForLife = (): void => {
    isDue = true;
    ring();
  };
  // Half of the time after which the daemon counts as hanging, as sd_watchdog_enabled(3) recommends.
  const timer = socket === "" || watchdogMs === null ? undefined : setInterval(askForLife, watchdogMs / 2).unref();

  return {
    ready() {
      if (!isReady) tell(["READY=1"]);
      isReady = true;
    },
    turned(status) {
      if (isDue) tell(["WATCHDOG=1", `STATUS=${status()}`]);
      isDue = false;
    },
    stopping: () => tell(["STOPPING=1"]),
    close: () => clearInterval(timer),
  };

  /** One after the other, so that they are heard in order. */
  function tell(words: readonly string[]): void {
    if (socket === "") return;
    told = told.then(async () => {
      const problem = await notify(words, { PATH: env["PATH"], NOTIFY_SOCKET: socket });
      if (problem !== null && !isDeaf) log.event("warn", "systemd not told", { because: problem });
      isDeaf = problem !== null;
    });
  }
}

/** @returns why it could not be told, or null */
function notify(words: readonly string[], env: NodeJS.ProcessEnv): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn("systemd-notify", words, { env, stdio: "ignore" });
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(code === 0 ? null : `systemd-notify ended with ${code ?? signal}`));
    // The daemon's own end does not wait for it.
    child.unref();
  });
}

/** After how many ms without a sign of life this process counts as hanging; null when nobody watches it. */
function watchdogMsOf(env: NodeJS.ProcessEnv): number | null {
  const { WATCHDOG_USEC: microseconds = "", WATCHDOG_PID: pid = String(process.pid) } = env;
  if (!/^[1-9]\d{0,15}$/.test(microseconds) || pid !== String(process.pid)) return null;
  return Math.min(Number(microseconds) / 1_000, MAX_TIMER_MS);
}
