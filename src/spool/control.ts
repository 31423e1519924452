import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { errnoOf } from "../errors.ts";
import type { System } from "../system.ts";
import type { Layout } from "./layout.ts";
import type { ScheduleView } from "./schedule-view.ts";

/** What may be asked of a running daemon, one JSON line each way, over `run/spoold.sock`. */
export interface ControlRequest {
  /** `look`: something was moved. `resume`: the cause of a pause is mended. */
  readonly ask: (typeof ASKS)[number];
}

export const ASKS = ["status", "stop", "look", "resume"] as const;

/** A task that a worker is at. */
export interface RunningTask {
  readonly number: number;
  readonly attempt: number;
  readonly summary: string | null;
  readonly forMs: number;
  /** How far it is, from 0 to 1, and what is being done; null when nothing was told of that. */
  readonly progress: { readonly part: number; readonly text: string | null } | null;
}

/** What a daemon tells of itself, and of the schedule that it has in force. */
export interface DaemonStatus extends ScheduleView {
  readonly pid: number;
  readonly since: string;
  readonly concurrency: number;
  readonly workersReady: number;
  readonly running: readonly RunningTask[];
  /** How many tasks have ended in the last minute, done or failed, and how many a minute that is. */
  readonly rate: { readonly perMinute: number; readonly lastMinute: number };
  readonly stopping: boolean;
  /** Why no task is being started, or null. */
  readonly paused: string | null;
}

/** The longest path that fits into a socket address on Linux and macOS. */
export const MAX_SOCKET_PATH = 100;

/** A path to the control socket that fits into a socket address, however deep the spool lies. */
export interface SocketAddress {
  readonly path: string;
  readonly close: () => Promise<void>;
}

/**
 * The address of the control socket. A path that is too long is shortened through a descriptor of `run/` (Linux).
 * @returns undefined where it cannot be shortened
 */
export async function socketAddress({ fs }: System, layout: Layout): Promise<SocketAddress | undefined> {
  const path = join(layout.run, "spoold.sock");
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return { path, close: async () => undefined };
  if (process.platform !== "linux") return undefined;
  const handle: FileHandle = await fs.open(layout.run, constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${handle.fd}/spoold.sock`, close: () => handle.close() };
}

/**
 * Asks the daemon that listens at the control socket.
 * @param waitMs how long to wait for the answer; a stopped process accepts the connection but never answers
 * @returns its answer; "silent" when it accepts but does not answer; undefined when nothing listens
 */
export async function askDaemon(
  system: System,
  layout: Layout,
  request: ControlRequest,
  waitMs: number,
): Promise<DaemonStatus | "silent" | undefined> {
  const address = await socketAddress(system, layout);
  if (address === undefined) return undefined;
  try {
    return await exchange(address.path, `${JSON.stringify(request)}\n`, waitMs);
  } finally {
    await address.close();
  }
}

function exchange(path: string, line: string, waitMs: number): Promise<DaemonStatus | "silent" | undefined> {
  return new Promise((resolve) => {
    let received = "";
    let connected = false;
    const socket = connect(path);
    socket.setTimeout(waitMs, () => socket.destroy());
    socket.on("connect", () => {
      connected = true;
      socket.write(line);
    });
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      received += text;
    });
    socket.on("error", (error) => {
      // Nobody listens, or there is no socket. Anything else, for example no permission, proves nothing.
      connected ||= !["ECONNREFUSED", "ENOENT"].includes(errnoOf(error) ?? "");
    });
    socket.on("close", () => resolve(answerIn(received) ?? (connected ? "silent" : undefined)));
  });
}

function answerIn(received: string): DaemonStatus | undefined {
  return received.endsWith("\n") ? (JSON.parse(received) as DaemonStatus) : undefined;
}
