/** Daemons that are run to their end on the spool of a lane. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Aim, startTraced, startTracedWorker, type TracedEnd } from "../strace/traced.ts";
import type { Lane } from "./lane.ts";

const BIN = fileURLToPath(new URL("../../../bin/spoold.js", import.meta.url));

/** No wait is longer than it must be, and no luck decides. */
const SETTINGS = [
  ...["--settle", "20", "--reject-after", "60", "--backoff", "60", "--backoff-max", "60", "--max-alike", "0"],
  ...["--max-crashes", "4", "--log-level", "debug"],
];

/** The arguments of Node for a daemon on the spool of a lane; its log is `log.txt` on the desk. */
export function daemonArgs({ desk }: Lane, concurrency: number): readonly string[] {
  const log = ["--log-file", join(desk, "log.txt")];
  return [BIN, "start", "--concurrency", String(concurrency), ...SETTINGS, ...log];
}

/** What a person has set for spools of their own is not meant for these. */
export function plainEnv(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("SPOOLD_")));
}

/** Runs a daemon under strace, or only its first worker. */
export function playDaemon(
  lane: Lane,
  { concurrency, victim, aim }: { concurrency: number; victim: "daemon" | "worker"; aim: Aim | undefined },
): Promise<TracedEnd> {
  const log = join(lane.desk, "strace.txt");
  const run = { args: [...daemonArgs(lane, concurrency), "--once"], directory: lane.work, log, env: plainEnv() };
  return (victim === "daemon" ? startTraced : startTracedWorker)({ ...run, ...(aim !== undefined && { aim }) }).ended;
}

/** Runs a daemon that nobody hurts. @returns what it has done wrong */
export async function drain(lane: Lane): Promise<readonly string[]> {
  const child = spawn(process.execPath, [...daemonArgs(lane, 1), "--once"], {
    cwd: lane.work,
    env: plainEnv(),
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  await once(child, "close");
  const faults = stderr === "" ? [] : [`the daemon that went on said: ${stderr.trim()}`];
  // 1: some of the tasks are to fail.
  if (![0, 1].includes(child.exitCode ?? -1)) faults.push(`the daemon that went on ended with ${child.exitCode}`);
  return faults;
}
