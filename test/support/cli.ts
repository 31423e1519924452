/** Runs the command line as people do: a real process of bin/spoold.js in a directory of its own. */
import { spawn } from "node:child_process";
import { mkdir, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { SpooldError } from "../../src/errors.ts";
import { openSpool } from "../../src/index.ts";
import { askDaemon } from "../../src/spool/control.ts";
import { layoutOf, type State } from "../../src/spool/layout.ts";
import type { NewTask } from "../../src/spool/spool.ts";
import { realSystem } from "../../src/system.ts";
import { activeName, deferredName, reasonName, receiptName, waitingName } from "../../src/task/name.ts";
import type { Reason, Receipt } from "../../src/task/outcome.ts";
import { BIN, lives, type RunningDaemon, startDaemon, until } from "./daemon.ts";
import { placePicture } from "./spool.ts";
import { workersOf } from "./workers.ts";

/** What a process left behind. */
interface Ended {
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `spoold` to its end. Whatever it is given, it prints no stack trace and no raw control character. */
export async function spoold(directory: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const ended = await run(process.execPath, [BIN, ...args], directory, options);
  if (/^ {4}at /m.test(ended.stderr)) throw new Error(`a stack trace was printed: ${ended.stderr}`);
  for (const text of [ended.stdout, ended.stderr]) {
    if (UNSAFE.test(text)) throw new Error(`a control character was printed: ${JSON.stringify(text)}`);
  }
  return ended;
}

/** Runs a shell script with `sh -eu`, with some directory first on the PATH. */
export function shell(directory: string, script: string, path = ""): Promise<Ended> {
  return run("sh", ["-eu", "-c", script], directory, { env: { PATH: `${path}:${process.env["PATH"]}` } });
}

/** The environment of this process without what would change the settings of spoold. */
export function cleanEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("SPOOLD_"));
  return { ...Object.fromEntries(kept), ...more };
}

/** The values that `--json` printed, one a line. */
export function jsonLines(stdout: string): Record<string, unknown>[] {
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** A task that any spool accepts. */
export const TASK: NewTask = { source: "cat.jpg", outputs: [{ file: "cat.webp", width: 20 }], summary: "a cat" };

/** Enqueues a task and moves it to a state as a person would, with what belongs beside it. @returns its number */
export async function placeTask(
  directory: string,
  state: Exclude<State, "rejected">,
  task: NewTask = TASK,
): Promise<number> {
  const spool = await openSpool(join(directory, "spool"));
  const { number } = await spool.enqueue(task);
  if (state === "tasks") return number;
  const entry = { number, priority: task.priority ?? 0, attempt: 2, dueAtMs: DUE_AT_MS };
  const from = join(spool.directory, "tasks", waitingName(entry));
  if (state === "done") {
    await writeFile(join(spool.directory, "done", receiptName(number)), JSON.stringify(receiptOf(number, task)));
    await unlink(from);
    return number;
  }
  if (state === "failed") {
    await writeFile(join(spool.directory, "failed", reasonName(number)), JSON.stringify(reasonOf(number, task)));
  }
  const names = { active: activeName(entry), deferred: deferredName(entry) };
  await rename(from, join(spool.directory, state, state in names ? names[state as "active"] : waitingName(entry)));
  return number;
}

/** A drop that lies in `rejected/`. */
export async function placeRejected(directory: string, name: string, content: string): Promise<void> {
  const spool = await openSpool(join(directory, "spool"));
  await writeFile(join(spool.directory, "rejected", name), content);
  await writeFile(join(spool.directory, "rejected", reasonName(name)), "{}");
}

/** A directory that is a whole spool and holds nothing. */
export async function emptySpool(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  return (await openSpool(join(directory, "spool"))).directory;
}

/** A daemon that runs one task and will not come to its end with it before `goOn` is called. */
export async function startBusyDaemon(
  directory: string,
  task: NewTask,
): Promise<{ daemon: RunningDaemon; number: number; goOn: () => void }> {
  await placePicture(join(directory, task.source));
  const daemon = await startDaemon(directory, ["--concurrency", "1"]);
  const layout = layoutOf(join(directory, "spool"));
  await until(async () => {
    const status = await askDaemon(realSystem(), layout, { ask: "status" }, 1_000);
    return typeof status === "object" && status.workersReady === 1;
  });
  const workers = await workersOf(daemon.pid);
  const goOn = (): void => {
    for (const pid of workers) if (lives(pid)) process.kill(pid, "SIGCONT");
  };
  // A stopped worker would outlive its daemon.
  onTestFinished(goOn);
  for (const pid of workers) process.kill(pid, "SIGSTOP");
  const number = await placeTask(directory, "tasks", task);
  await daemon.line(({ msg }) => msg === "task started");
  return { daemon, number, goOn };
}

/** When a task that `placeTask` has deferred is due: in the year 2100. */
export const DUE_AT_MS = Date.UTC(2100, 0, 1);

/** C0 but the line feed, DEL, C1, and what turns the direction of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\p{Bidi_Control}]/u;

function run(file: string, args: readonly string[], directory: string, options: RunOptions): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: directory, env: cleanEnvironment(options.env) });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    // A process may end without having read all of its input.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code: code ?? signal, stdout, stderr }));
  });
}

function receiptOf(number: number, task: NewTask): Receipt {
  const at = new Date(0).toISOString();
  const { supplicant = null, summary = null } = task;
  const source = { path: "/cat.jpg", width: 40, height: 30, bytes: 9, format: "jpeg", orientation: 1 };
  const about = { number, key: "0".repeat(64), supplicant, summary, attempts: 1, startedAt: at, endedAt: at };
  return { ...about, status: "done", durationMs: 7, source, outputs: [] };
}

function reasonOf(number: number, task: NewTask): Reason {
  const { supplicant = null, summary = null } = task;
  const error = new SpooldError("SOURCE_MISSING", { path: task.source }).toJSON();
  return { number, supplicant, summary, error, attempts: [], endedAt: new Date(0).toISOString() };
}
