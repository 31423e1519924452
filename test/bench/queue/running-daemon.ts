import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A line of the log. */
export interface LogLine {
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** A daemon that is measured while it runs. */
export interface RunningDaemon {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Resolves with the next line that satisfies a condition, and with the ms from the spawn to its coming. */
  line(condition: (line: LogLine) => boolean): Promise<{ readonly line: LogLine; readonly afterMs: number }>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const BIN = fileURLToPath(new URL("../../../bin/spoold.js", import.meta.url));

/** Starts a daemon on a spool; resolves at once. @param nodeArgs for Node itself */
export function launchDaemon(
  spool: string,
  root: string,
  args: readonly string[],
  nodeArgs: readonly string[] = [],
): RunningDaemon {
  // What a person has set for spools of their own is not meant for this one.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("SPOOLD_")));
  const clock = performance.now();
  const child = spawn(process.execPath, [...nodeArgs, BIN, "start", "--spool", spool, "--root", root, ...args], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const waiting = new Set<(line: LogLine) => void>();
  const ended = once(child, "exit");
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line = JSON.parse(text) as LogLine;
    for (const told of waiting) told(line);
  });
  return {
    child,
    pid: child.pid ?? 0,
    line: (condition) =>
      new Promise((resolve, reject) => {
        const told = (line: LogLine): void => {
          if (!condition(line)) return;
          waiting.delete(told);
          resolve({ line, afterMs: performance.now() - clock });
        };
        waiting.add(told);
        void ended.then(() => reject(new Error(`the daemon ended with ${child.exitCode ?? child.signalCode}`)));
      }),
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      await ended;
    },
  };
}

/** The largest resident size that a process has had, in MiB (Linux). */
export async function peakMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}
