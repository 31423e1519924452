import { type ChildProcess, fork } from "node:child_process";
import { symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "./bundle.ts";

/** What player and torture say to each other. */
export type Message = Readonly<Record<string, unknown>>;

/** A process of a torture that does what it is told. */
export interface Player {
  readonly child: ChildProcess;
  tell(message: Message): void;
  /** The next message that nobody has taken; fails when the process ends before. */
  next(): Promise<Message>;
  /** Resolves when it has gone; its signal when it was killed. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/**
 * Makes a program of a TypeScript file: one that a torture starts a thousand times must not be compiled each time.
 * @param directory empty, where packages will be found from
 * @returns its path
 */
export async function programOf(file: URL, directory: string): Promise<string> {
  const outfile = join(directory, `${basename(file.pathname, ".ts")}.mjs`);
  await symlink(NODE_MODULES, join(directory, "node_modules")).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  await bundle(fileURLToPath(file), outfile, PACKAGES);
  return outfile;
}

/** All that is no path. */
const PACKAGES = /^[^./]/;

const NODE_MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));

/** Starts a program of `programOf`. Whoever starts it ends it. */
export function startPlayer(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Player {
  const options = { execArgv: [], env: { ...process.env, ...env } };
  const child = fork(program, args, { ...options, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const arrived: Message[] = [];
  let wake = (): void => undefined;
  let gone = false;
  child.on("message", (message) => {
    arrived.push(message as Message);
    wake();
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once("exit", (code, signal) => {
      gone = true;
      wake();
      resolve(code ?? signal);
    });
  });
  return {
    child,
    ended,
    // One that was killed a moment ago hears nothing any more.
    tell: (message) => void child.send(message, () => undefined),
    async next() {
      for (;;) {
        const message = arrived.shift();
        if (message !== undefined) return message;
        if (gone) throw new Error(`a player has ended with ${child.exitCode ?? child.signalCode}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

/** Kills players, stopped ones too, and waits until they are gone. */
export async function endPlayers(players: readonly Player[]): Promise<void> {
  for (const { child } of players) child.kill("SIGKILL");
  await Promise.all(players.map(({ ended }) => ended));
}
