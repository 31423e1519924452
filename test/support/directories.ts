import { type ChildProcess, fork } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { type Committer, openCommitter } from "../../src/spool/commit.ts";
import { createSpool, type Layout, layoutOf, STATES } from "../../src/spool/layout.ts";
import { openSequence } from "../../src/spool/sequence.ts";
import { realSystem, type System } from "../../src/system.ts";
import { DROP } from "../spool/task.ts";

/** An empty directory for one test, links resolved, removed at its end. */
export async function newDirectory(): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), "spoold-test-")));
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  return directory;
}

/** An empty spool for one test. */
export async function newSpool(system: System = realSystem()): Promise<Layout> {
  const layout = layoutOf(join(await newDirectory(), "spool"));
  await createSpool(system, layout);
  return layout;
}

/** The door by which tasks come into a spool. */
export function committerOf(layout: Layout, system: System = realSystem()): Committer {
  return openCommitter(system, layout, openSequence(system, layout));
}

/** Commits tasks that answer to no word, and tells their numbers. */
export function numbererOf(
  layout: Layout,
  system: System = realSystem(),
): { commit(task: Parameters<Committer["commit"]>[0]): Promise<number> } {
  const committer = committerOf(layout, system);
  return { commit: async (task) => (await committer.commit(task)).number };
}

/** Puts a file into a spool as a person would, and tells where. */
export async function put(path: string, content: string | Uint8Array = DROP): Promise<string> {
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, content);
  return path;
}

/** The names in a directory, sorted. */
export async function names(directory: string): Promise<string[]> {
  return (await readdir(directory)).sort();
}

/** All files of the seven states, as `state/name`, sorted. */
export async function filesByState(layout: Layout): Promise<string[]> {
  const all = await Promise.all(
    STATES.map(async (state) => (await names(layout[state])).map((name) => `${state}/${name}`)),
  );
  return all.flat().sort();
}

export async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, "utf8"));
}

/** A child that speaks with the test by messages. */
export interface Companion {
  readonly child: ChildProcess;
  send(message: object): void;
  /** The next message that has not been taken yet; fails when the child ends before. */
  next(): Promise<Readonly<Record<string, unknown>>>;
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** Starts a TypeScript file of test/spool as a process of its own; killed at the end of the test if it still runs. */
export function startCompanion(file: URL, args: readonly string[]): Companion {
  const child = fork(file, args, { execArgv: ["--import", "tsx"], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const arrived: Record<string, unknown>[] = [];
  let wake = (): void => undefined;
  let gone = false;
  child.on("message", (message) => {
    arrived.push(message as Record<string, unknown>);
    wake();
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once("exit", (code, signal) => {
      gone = true;
      wake();
      resolve(code ?? signal);
    });
  });
  onTestFinished(async () => {
    child.kill("SIGCONT");
    child.kill("SIGKILL");
    await ended;
  });
  return {
    child,
    ended,
    send: (message) => void child.send(message),
    async next() {
      for (;;) {
        const message = arrived.shift();
        if (message !== undefined) return message;
        if (gone) throw new Error("the companion has ended");
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

/** Waits until a condition holds, looking often; the test's own time limit ends it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(5);
}
