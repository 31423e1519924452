import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { onTestFailed, onTestFinished } from "vitest";

export const BIN = fileURLToPath(new URL("../../bin/spoold.js", import.meta.url));

/** One worker, for each takes half a second of the processor to start; tests of several say so. */
const DEFAULTS = ["--log-level", "debug", "--settle", "50", "--concurrency", "1"];

/** How much of what a daemon has said is told when its test fails, in characters. */
const LAST_WORDS = 8_000;

/** A line of the daemon's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

export interface RunningDaemon {
  readonly child: ChildProcess;
  readonly pid: number;
  /** All whole lines so far. */
  lines(): readonly LogLine[];
  stderr(): string;
  /** Resolves when a line satisfies the condition; fails when the daemon ends before. */
  line(condition: (line: LogLine) => boolean): Promise<LogLine>;
  /** Resolves with the exit code or the signal. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** A fresh directory for one test, removed at its end. */
export async function freshDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "spoold-test-"));
  // A daemon that a test has not started itself may still be letting go of its locks.
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 10 }));
  return directory;
}

/** Starts a real daemon in a directory, on `spool/` in it; killed at the end of the test if it still runs. */
export async function startDaemon(
  directory: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
  bin = BIN,
): Promise<RunningDaemon> {
  const daemon = launchDaemon(directory, args, env, bin);
  await daemon.line(({ msg }) => msg === "daemon started");
  return daemon;
}

/** Starts a daemon without waiting for it to own the spool. */
export function launchDaemon(
  directory: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
  bin = BIN,
): RunningDaemon {
  const child = spawn(process.execPath, [bin, "start", ...DEFAULTS, ...args], {
    cwd: directory,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  let gone = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once("close", (code, signal) => {
      gone = true;
      resolve(code ?? signal);
    });
  });
  // A test that has waited in vain says nothing of why.
  onTestFailed(() => void process.stderr.write(`${output.slice(-LAST_WORDS)}${errors.slice(-LAST_WORDS)}\n`));
  onTestFinished(async () => {
    child.kill("SIGCONT");
    child.kill("SIGKILL");
    await ended;
  });
  const lines = (): LogLine[] =>
    output
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LogLine);
  return {
    child,
    pid: child.pid ?? 0,
    lines,
    stderr: () => errors,
    async line(condition) {
      return until(() => {
        const found = lines().find(condition);
        if (found === undefined && gone) throw new Error(`the daemon has ended: ${output}${errors}`);
        return found;
      });
    },
    ended,
  };
}

/** Waits until a condition holds, looking often; the test's own time limit ends it. @returns what the condition gave */
export async function until<T>(condition: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    await sleep(10);
  }
}

/** Whether a process lives. */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // ESRCH: gone; that is the answer.
    return false;
  }
}
