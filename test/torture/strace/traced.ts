/** A process under strace (Linux): its calls are told, and one of them meets what a torture wants. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { CHANGES, callsIn, type SeenCall } from "./calls.ts";

/** What a call meets. */
export type Blow =
  /** The process dies as the call is made, which then does nothing; or when it is done, before anybody knows. */
  | { readonly kind: "kill"; readonly when: "before" | "after" }
  /** The call does nothing and fails; `forGood`: so do all that follow. */
  | { readonly kind: "error"; readonly errno: string; readonly forGood: boolean }
  /** The call takes longer than it should. */
  | { readonly kind: "delay"; readonly ms: number; readonly forGood: boolean };

/** One of a thread's calls of one name, or all from that one on. */
export interface Aim {
  readonly call: string;
  /** Only calls that name one of these paths count; without it all do. */
  readonly paths?: readonly string[];
  /** From 1. */
  readonly nth: number;
  readonly blow: Blow;
}

export interface TracedRun {
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly directory: string;
  /** Where strace writes. */
  readonly log: string;
  readonly aim?: Aim;
}

export interface TracedEnd {
  /** The exit code, or the signal that ended it. */
  readonly exit: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly calls: readonly SeenCall[];
  /** How many calls have met the blow. */
  readonly hits: number;
  /** Whether it had to be killed because it did not end. */
  readonly isHung: boolean;
}

/**
 * One thread does the waiting calls of a Node process instead of four, so that a run goes the same way each time; strace
 * counts each thread's calls for itself.
 */
const ONE_THREAD = { UV_THREADPOOL_SIZE: "1" };

/** Loaded before the program itself: names that are random are the same at each run, and workers may be started by another. */
const SAME_NAMES = `data:text/javascript,${encodeURIComponent(`
  import crypto from "node:crypto";
  import { syncBuiltinESMExports } from "node:module";
  let count = 0;
  crypto.randomUUID = () => "00000000-0000-4000-8000-" + String(++count).padStart(12, "0");
  syncBuiltinESMExports();
  if (process.env.TORTURE_WORKER) process.execPath = process.env.TORTURE_WORKER;
`)}`;

/** An after-kill is to come while the call is still held back. */
const HELD_BACK_US = 20_000_000;
const LOOK_EVERY_MS = 5;
const LET_GO_MS = 2_000;
/** No run takes this long. */
const LONGEST_MS = 120_000;

/** Why processes cannot be traced here; undefined when they can. */
export function untraceable(): string | undefined {
  const { status, error, stderr } = spawnSync("strace", ["-f", "-b", "execve", "-o", "/dev/null", "true"], {
    encoding: "utf8",
  });
  if (error !== undefined) return "strace is not installed";
  return status === 0 ? undefined : `strace cannot trace here: ${stderr.trim()}`;
}

/** The arguments of strace for a run, up to the program. `-D`: the traced process is our own child, not strace's; `-I 2`: it can be told to let go. */
export function straceArgs({ log, aim }: Pick<TracedRun, "log" | "aim">): readonly string[] {
  const plain = ["-D", "-I", "2", "-f", "-b", "execve", "-y", "-s", "0", "-q", "-e", "signal=none", "-o", log];
  if (aim === undefined) return [...plain, "-e", `trace=${CHANGES.join(",")}`];
  const { call, paths = [], nth, blow } = aim;
  const at = paths.flatMap((path) => ["-P", path]);
  return [...plain, ...at, "-e", `trace=${call}`, "-e", `inject=${call}:${wordsOf(blow)}:when=${nth}${more(blow)}`];
}

function wordsOf(blow: Blow): string {
  if (blow.kind === "error") return `error=${blow.errno}`;
  if (blow.kind === "delay") return `delay_enter=${blow.ms * 1_000}`;
  return blow.when === "before" ? "signal=SIGKILL" : `delay_exit=${HELD_BACK_US}`;
}

function more(blow: Blow): "" | "+" {
  return blow.kind !== "kill" && blow.forGood ? "+" : "";
}

/** A traced process, or a daemon with a traced worker. */
export interface Traced {
  readonly child: ChildProcess;
  /** When it, its workers and strace have ended. */
  readonly ended: Promise<TracedEnd>;
  /** How many calls have met the blow so far. */
  hits(): Promise<number>;
  /** From now on nothing is met any more: strace lets go. */
  letGo(): Promise<void>;
}

/** Starts a Node program under strace. Its workers are not traced. */
export function startTraced(run: TracedRun): Traced {
  return traced(spawnIn(run, "strace", [...straceArgs(run), process.execPath, ...NAMED, ...run.args]), run);
}

/** Starts a daemon whose first worker is under strace, and nothing else. */
export function startTracedWorker(run: TracedRun): Traced {
  const [starter, token] = [`${run.log}.sh`, `${run.log}.token`];
  const command = [...straceArgs(run), "-E", "UV_THREADPOOL_SIZE=1", process.execPath];
  const first = `mkdir ${quoted(token)} 2>/dev/null && exec strace ${command.map(quoted).join(" ")} "$@"`;
  writeFileSync(starter, `#!/bin/sh\n${first}\nexec ${quoted(process.execPath)} "$@"\n`, { mode: 0o700 });
  const env = { ...(run.env ?? process.env), TORTURE_WORKER: starter };
  return traced(spawnIn({ ...run, env }, process.execPath, [...NAMED, ...run.args]), run);
}

function traced(child: ChildProcess, run: TracedRun): Traced {
  const text = (): Promise<string> => readFile(run.log, "utf8").catch(() => "");
  return {
    child,
    ended: seeThrough(child, run),
    hits: async () => count(await text()),
    async letGo() {
      const tracer = await tracerOf(/^(\d+) /m.exec(await text())?.[1]);
      if (tracer === 0) return;
      kill(tracer, "SIGTERM");
      // One that is told while its process ends may wait for it for ever.
      for (const endMs = performance.now() + LET_GO_MS; performance.now() < endMs; await sleep(LOOK_EVERY_MS))
        if (!kill(tracer, 0)) return;
      kill(tracer, "SIGKILL");
    },
  };
}

const NAMED = ["--import", SAME_NAMES];

function spawnIn({ directory, env = process.env }: TracedRun, command: string, args: readonly string[]): ChildProcess {
  return spawn(command, args, { cwd: directory, env: { ...env, ...ONE_THREAD }, stdio: ["ignore", "pipe", "pipe"] });
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

async function seeThrough(child: ChildProcess, { log, aim }: TracedRun): Promise<TracedEnd> {
  const told = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      told[name] += text;
    });
  const closed = new Promise<void>((resolve, reject) => child.once("close", () => resolve()).once("error", reject));
  let isHung = false;
  const deadline = setTimeout(() => {
    isHung = true;
    child.kill("SIGKILL");
  }, LONGEST_MS);
  if (aim?.blow.kind === "kill" && aim.blow.when === "after") await killWhenHeldBack(child, log);
  await closed;
  clearTimeout(deadline);
  const text = await readFile(log, "utf8").catch(() => "");
  const calls = callsIn(text);
  const isKilled = aim?.blow.kind === "kill" && aim.blow.when === "before";
  const met = isKilled ? Number(CUT_SHORT.test(text)) : count(text);
  return { exit: child.exitCode ?? child.signalCode, ...told, calls, hits: met, isHung };
}

/** @returns 0 when nobody traces the thread, or there is none */
async function tracerOf(thread: string | undefined): Promise<number> {
  const status = await readFile(`/proc/${thread}/status`, "utf8").catch(() => "");
  return Number(/^TracerPid:\t(\d+)/m.exec(status)?.[1] ?? 0);
}

/** The thread that is held back is killed, and with it its process; then strace, which would hold it back to the end. */
async function killWhenHeldBack(child: ChildProcess, log: string): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    const text = await readFile(log, "utf8").catch(() => "");
    const thread = /^(\d+) .*\(DELAYED\)$/m.exec(text)?.[1];
    if (thread !== undefined) {
      const tracer = await tracerOf(thread);
      kill(Number(thread), "SIGKILL");
      if (tracer !== 0) kill(tracer, "SIGKILL");
      return;
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/** @returns false when there is no such process any more: a blow that is missed so is told */
function kill(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    // ESRCH: that is the answer.
    return false;
  }
}

/** A call that a signal has cut short has no result. */
const CUT_SHORT = /= \?$/m;

function count(text: string): number {
  return text.split(/\((?:INJECTED|DELAYED)\)/).length - 1;
}
