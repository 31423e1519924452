/** A real daemon that is stopped in the middle of its work, while another machine takes its spool. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openSpool } from "../../../src/index.ts";
import { placePicture, quickTask, statesOf } from "../../support/spool.ts";
import { standsStill } from "./stops.ts";

/** Loaded before the daemon's own program: the machine and its boot are others. */
const ANOTHER_MACHINE = `data:text/javascript,${encodeURIComponent(`
  import fs from "node:fs";
  import { syncBuiltinESMExports } from "node:module";
  const { readFile } = fs.promises;
  fs.promises.readFile = async (path, ...rest) =>
    ["/etc/machine-id", "/proc/sys/kernel/random/boot_id"].includes(path) ? "another" : readFile(path, ...rest);
  syncBuiltinESMExports();
`)}`;

const BIN = fileURLToPath(new URL("../../../bin/spoold.js", import.meta.url));
const ENDED = /"task (done|failed|deferred)"/g;
const TASKS = 60;
const PATIENCE_MS = 60_000;

/** When a daemon is stopped. */
interface Moment {
  /** How many receipts there are. */
  readonly receipts: number;
  /** How much later. */
  readonly ms: number;
}

/** @returns what the daemon or its successor did that they must not; none if all is well */
export async function stopDaemon(directory: string, moment: Moment): Promise<readonly string[]> {
  await mkdir(join(directory, "out"), { recursive: true });
  await placePicture(join(directory, "quick.jpg"), { width: 1_200, height: 900 });
  const spool = await openSpool(join(directory, "spool"));
  for (let task = 0; task < TASKS; task++) await spool.enqueue(quickTask(`out/${task}`), { sizes: false });
  const first = start(directory, "first", {});
  let second: ChildProcess | undefined;
  try {
    if (!(await until(async () => (await receipts(directory)) >= moment.receipts)))
      return ["the first daemon did no work"];
    await sleep(moment.ms);
    first.kill("SIGSTOP");
    if (!(await standsStill(first.pid ?? 0))) return ["the daemon was not stopped"];
    second = start(directory, "second", { NODE_OPTIONS: `--import ${ANOTHER_MACHINE}` });
    if (!(await until(async () => (await log(directory, "second")).includes('"daemon started"'))))
      return ["nobody took the spool of a daemon that stood still"];
    const before = await log(directory, "first");
    const ended = once(first, "exit");
    first.kill("SIGCONT");
    await ended;
    const after = (await log(directory, "first")).slice(before.length);
    if (!(await until(async () => (await receipts(directory)) >= TASKS)))
      return ["the second daemon did not end the work"];
    // The file of the last task goes after its receipt has come.
    await until(async () => (await readdir(join(directory, "spool/active"))).length === 0);
    const states = await statesOf(join(directory, "spool"));
    const astray = [...states].filter(([, where]) => where.join() !== "done");
    return [
      ...(first.exitCode === 75 ? [] : [`the first daemon ended with ${first.exitCode ?? first.signalCode}, not 75`]),
      // Of one task it may have been at the end already, between its look at the lock and the receipt.
      ...((after.match(ENDED) ?? []).length > 1 ? [`the first daemon went on with its work: ${after}`] : []),
      ...astray.map(([number, where]) => `task ${number} lies in ${where.join()}`),
    ];
  } finally {
    for (const child of [first, second]) {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    }
  }
}

function start(directory: string, name: string, more: NodeJS.ProcessEnv): ChildProcess {
  const args = ["start", "--concurrency", "1", "--log-file", `${name}.log`, "--log-level", "debug"];
  return spawn(process.execPath, [BIN, ...args], { cwd: directory, env: { ...process.env, ...more }, stdio: "ignore" });
}

function log(directory: string, name: string): Promise<string> {
  return readFile(join(directory, `${name}.log`), "utf8").catch(() => "");
}

async function receipts(directory: string): Promise<number> {
  return (await readdir(join(directory, "spool/done"))).length;
}

async function until(condition: () => Promise<boolean>): Promise<boolean> {
  for (const untilMs = performance.now() + PATIENCE_MS; performance.now() < untilMs; await sleep(5))
    if (await condition()) return true;
  return false;
}
