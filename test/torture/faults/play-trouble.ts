import { spawn } from "node:child_process";
import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { daemonArgs, plainEnv } from "../crash/daemon-run.ts";
import { type Lane, restore } from "../crash/lane.ts";
import type { CellEnd, Stage } from "./play-cell.ts";
import { linesOf } from "./reaction.ts";
import { seeDaemonThrough, until } from "./see-through.ts";
import type { Trouble } from "./troubles.ts";

/** Long enough for a daemon to start before there is work. */
const DELAY_MS = 1_500;
/** Longer than the first two pauses. */
const LONG_MS = 3_200;

/** Plays a real trouble that comes while a daemon is idle, just before there is work. @param isLong or it goes when it has shown */
export async function playTrouble({ lane, expected }: Stage, trouble: Trouble, isLong: boolean): Promise<CellEnd> {
  const name = `real: ${trouble.name}: ${isLong ? "for seconds" : "for a moment"}`;
  await restore(lane);
  try {
    const dueAtMs = await putOffAll(lane);
    await trouble.prepare?.(lane);
    const daemon = start(lane, trouble.prefix ?? []);
    const pid = daemon.child.pid ?? 0;
    await until(async () => daemon.child.exitCode !== null || (await linesOf(lane)).length > 0);
    await trouble.bring(lane, pid);
    const course = {
      hits: async () => 1,
      take: () => trouble.take(lane, pid),
      lastsMs: isLong ? LONG_MS : 0,
      dueAtMs,
    };
    const played = await seeDaemonThrough({ lane, expected }, daemon, course);
    const wrong = `it came to ${played.reaction}, and not to ${trouble.expected}`;
    const faults = played.reaction === trouble.expected ? played.faults : [...played.faults, wrong];
    return { name, expected: trouble.expected, ...played, faults };
  } finally {
    trouble.clear?.(lane);
  }
}

/** All that waits is due when the daemon has had the time to start. @returns when, ms since epoch */
async function putOffAll({ spool }: Lane): Promise<number> {
  const dueAtMs = Date.now() + DELAY_MS;
  for (const name of await readdir(join(spool, "tasks")))
    await rename(
      join(spool, "tasks", name),
      join(spool, "deferred", `${dueAtMs}.${name.replace(".json", ".a1.json")}`),
    );
  return dueAtMs;
}

function start(lane: Lane, prefix: readonly string[]) {
  const [command = "", ...args] = [...prefix, process.execPath, ...daemonArgs(lane, 1)];
  const child = spawn(command, args, { cwd: lane.work, env: plainEnv(), stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<{ exit: number | string | null; stderr: string }>((resolve) => {
    child.once("close", () => resolve({ exit: child.exitCode ?? child.signalCode, stderr }));
  });
  return { child, ended };
}
