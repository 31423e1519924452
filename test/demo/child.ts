import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { DemoFault } from "./fault.ts";
import { fromRepository, PLACES, REPOSITORY } from "./places.ts";

/** A process of its own that the demo has started. */
export interface Child {
  /** Its exit code, or the signal that killed it, and what it said on standard error. */
  readonly ended: Promise<{ readonly end: number | NodeJS.Signals | null; readonly complaint: string }>;
}

/** The shell script, and the moment at which its first drop lies in the spool. */
export interface DropScript extends Child {
  readonly begun: Promise<void>;
}

type Piped = ChildProcessByStdio<null, Readable, Readable>;

/** Starts `drop.sh`. @param told is called with each line it prints */
export function startDrops(signal: AbortSignal, told: (line: string) => void): DropScript {
  const script = fromRepository(`${import.meta.dirname}/drop.sh`);
  const folders = [`${PLACES.spool}/tasks`, `${PLACES.home}/outbox`].map(fromRepository);
  const child = start("/bin/sh", [script, ...folders], signal);
  const ended = endOf(child, "drop.sh needs a POSIX shell");
  const lines = createInterface({ input: child.stdout });
  lines.on("line", told);
  const begun = Promise.race([once(lines, "line"), ended]).then(() => undefined);
  return { ended, begun };
}

/** Starts the daemon as a person would. It ends by itself when nothing is left to do. */
export function startDaemon(signal: AbortSignal): Child {
  const flags = {
    "--spool": PLACES.spool,
    "--root": PLACES.home,
    "--log-file": PLACES.log,
    "--error-file": PLACES.errors,
  };
  const settings = Object.entries(flags).flatMap(([flag, path]) => [flag, fromRepository(path)]);
  // A minute is right for people; here it is known that nobody goes on writing after five seconds.
  const args = ["bin/spoold.js", "start", "--once", ...settings, "--reject-after", "5000"];
  return { ended: endOf(start(process.execPath, args, signal), "the daemon needs the Node that runs the demo") };
}

function start(command: string, args: readonly string[], signal: AbortSignal): Piped {
  // What a person has set for spools of their own is not meant for this one.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("SPOOLD_")));
  return spawn(command, args, {
    cwd: REPOSITORY,
    env,
    signal,
    killSignal: "SIGKILL",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function endOf(child: Piped, needed: string): Child["ended"] {
  try {
    return await read(child);
  } catch (cause) {
    if (cause instanceof Error && cause.name === "AbortError") throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DemoFault(`${child.spawnfile} could not be started (${why}): ${needed}`, { cause });
  }
}

async function read(child: Piped): Child["ended"] {
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint += text;
  });
  await once(child, "close");
  return { end: child.exitCode ?? child.signalCode, complaint: complaint.trim() };
}
