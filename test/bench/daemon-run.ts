import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type NewTask, openSpool, type Receipt } from "spoold";

/** How long the daemon took for a backlog. */
export interface DaemonRun {
  /** From the spawn of the process to its exit. */
  readonly wholeMs: number;
  /** Tasks a second from then on that there are as many receipts as workers: the loop by hand is warmed up, too. */
  readonly steadyRate: number;
  /** From the spawn to the first claim: Node, the spool, the workers and their sharp. */
  readonly startMs: number;
  /** From the last receipt to the exit. */
  readonly endMs: number;
}

/** Where a run takes place and what it does. */
export interface DaemonWork {
  /** Sources lie below it. What an earlier run made there is removed. */
  readonly directory: string;
  readonly tasks: readonly NewTask[];
  readonly workers: number;
}

const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Enqueues the tasks, then lets a daemon of its own process drain them.
 * @throws Error when it does not end with 0 or a task has no receipt: then there is nothing to compare
 */
export async function runDaemon({ directory, tasks, workers }: DaemonWork): Promise<DaemonRun> {
  const spool = join(directory, "spool");
  for (const path of [spool, join(directory, "made")]) await rm(path, { recursive: true, force: true });
  await mkdir(join(directory, "made"));
  const { enqueue } = await openSpool(spool);
  await Promise.all(tasks.map((task) => enqueue(task)));

  const args = ["--spool", spool, "--root", directory, "--concurrency", String(workers), "--log-file"];
  const startedAtMs = Date.now();
  const clock = performance.now();
  await drain([...args, join(directory, "spoold.log")]);
  const wholeMs = performance.now() - clock;
  const receipts = await readReceipts(join(spool, "done"));
  if (receipts.length !== tasks.length) throw new Error(`${tasks.length} tasks left ${receipts.length} receipts`);
  const firstMs = Math.min(...receipts.map(({ startedAt }) => Date.parse(startedAt)));
  const endsMs = receipts.map(({ endedAt }) => Date.parse(endedAt)).sort((a, b) => a - b);
  const [warmMs = 0, lastMs = 0] = [endsMs[workers - 1], endsMs.at(-1)];
  return {
    wholeMs,
    steadyRate: ((tasks.length - workers) * 1_000) / (lastMs - warmMs),
    startMs: firstMs - startedAtMs,
    endMs: wholeMs - (lastMs - startedAtMs),
  };
}

async function drain(settings: readonly string[]): Promise<void> {
  // What a person has set for spools of their own is not meant for this one.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("SPOOLD_")));
  const args = [join(REPOSITORY, "bin/spoold.js"), "start", "--once", ...settings];
  const daemon = spawn(process.execPath, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  let complaint = "";
  daemon.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint += text;
  });
  await once(daemon, "close");
  if (daemon.exitCode !== 0)
    throw new Error(`the daemon ended with ${daemon.exitCode ?? daemon.signalCode}: ${complaint}`);
}

async function readReceipts(done: string): Promise<readonly Receipt[]> {
  const names = (await readdir(done)).filter((name) => name.endsWith(".json"));
  return Promise.all(names.map(async (name) => JSON.parse(await readFile(join(done, name), "utf8")) as Receipt));
}
