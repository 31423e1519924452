import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setInterval as ticks } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { workersOf } from "../support/workers.ts";

/** A daemon that is tortured: a process of its own, with real workers. */
export interface Victim {
  /** Whether it still lives; that it must until it is told to stop. */
  lives(): boolean;
  /** Tells it to stop, and waits. */
  stop(): Promise<VictimEnd>;
}

export interface VictimEnd {
  /** 0 when it ended as it was told to. */
  readonly exit: number | string | null;
  /** How often the log tells of each error that ended an attempt. */
  readonly errors: Readonly<Record<string, number>>;
  /** The longest attempt in ms, as the log tells. */
  readonly longestMs: number;
  /** The largest resident size that any of its workers had, in MiB (Linux; else 0). */
  readonly peakMib: number;
  /** What its workers' libraries had to say on standard error: lines. */
  readonly complaints: number;
}

const BIN = fileURLToPath(new URL("../../bin/spoold.js", import.meta.url));

/** Starts a daemon on `spool/` in a directory; resolves at once. */
export async function startVictim(directory: string, args: readonly string[]): Promise<Victim> {
  const [log, complaints] = [join(directory, "log.txt"), join(directory, "complaints.txt")];
  const stderr = await open(complaints, "w");
  // What a person has set for spools of their own is not meant for this one.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("SPOOLD_")));
  const options = ["start", "--spool", join(directory, "spool"), "--root", directory, "--log-file", log];
  const child = spawn(process.execPath, [BIN, ...options, "--log-level", "debug", ...args], {
    env,
    stdio: ["ignore", "ignore", stderr.fd],
  });
  const ended = once(child, "close");
  await stderr.close();
  const watching = new AbortController();
  const peak = peakOf(child.pid ?? 0, watching.signal);
  const lives = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    lives,
    async stop() {
      if (lives()) child.kill("SIGTERM");
      await ended;
      watching.abort();
      const told = readLog(await readFile(log, "utf8").catch(() => ""));
      const lines = (await readFile(complaints, "utf8")).split("\n").length - 1;
      return { exit: child.exitCode ?? child.signalCode, ...told, peakMib: await peak, complaints: lines };
    },
  };
}

/** How often workers are measured. A worker's own peak is kept by the kernel; only one that dies between is missed. */
const LOOK_EVERY_MS = 100;

async function peakOf(daemon: number, signal: AbortSignal): Promise<number> {
  let peak = 0;
  try {
    for await (const _tick of ticks(LOOK_EVERY_MS, undefined, { signal })) {
      const sizes = await Promise.all((await workersOf(daemon).catch(() => [])).map(peakMibOf));
      peak = Math.max(peak, ...sizes);
    }
  } catch {
    // Aborted: the daemon has ended.
  }
  return Math.round(peak);
}

async function peakMibOf(pid: number): Promise<number> {
  // It may have ended between the listing and now.
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;
}

interface AttemptLine {
  readonly msg: string;
  readonly ms?: number;
  readonly error?: { readonly code: string } | null;
}

function readLog(text: string): Pick<VictimEnd, "errors" | "longestMs"> {
  const errors: Record<string, number> = {};
  let longestMs = 0;
  for (const line of text.split("\n").filter((one) => one !== "")) {
    const { msg, ms = 0, error } = JSON.parse(line) as AttemptLine;
    if (!["task done", "task failed", "task deferred"].includes(msg)) continue;
    longestMs = Math.max(longestMs, ms);
    if (error) errors[error.code] = (errors[error.code] ?? 0) + 1;
  }
  return { errors, longestMs };
}
