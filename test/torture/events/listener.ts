/** A daemon whose watches are deaf, or that is stopped while the kernel drops what it should hear. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { layoutOf } from "../../../src/spool/layout.ts";
import type { NewHandlerTask } from "../../../src/spool/spool.ts";
import { openSpool, type Spool } from "../../../src/spool/spool.ts";

export interface Listener {
  readonly spool: Spool;
  readonly pid: number;
  lives(): boolean;
  /** How often the kernel was kept from watching a directory for it. */
  deafened(): number;
  /** Whether it watches `tasks/` by inotify. */
  isWatching(): boolean;
  end(): Promise<void>;
}

/** How it is started. */
interface Start {
  /** No watch of it is made, and it is told that each was. Needs strace. */
  readonly isDeaf: boolean;
  readonly rescanMs: number;
}

const BIN = fileURLToPath(new URL("../../../bin/spoold.js", import.meta.url));
const DEAFEN = [
  "-f",
  "-qq",
  "-e",
  "trace=inotify_add_watch",
  "-e",
  "inject=inotify_add_watch:retval=1",
  "-o",
  "trace.txt",
];

/** Starts a daemon in a directory that does not exist; resolves when it has begun. */
export async function startListener(directory: string, { isDeaf, rescanMs }: Start): Promise<Listener> {
  const spool = await openSpool(join(directory, "spool"));
  const { handlers, tasks } = layoutOf(spool.directory);
  await mkdir(handlers, { mode: 0o700 });
  await writeFile(join(handlers, "work.js"), "export default async () => null;\n", { mode: 0o600 });
  const daemon = [
    process.execPath,
    BIN,
    "start",
    "--concurrency",
    "2",
    "--rescan",
    `${rescanMs}`,
    "--log-file",
    "log.txt",
  ];
  const [command = "", ...args] = isDeaf ? ["strace", ...DEAFEN, ...daemon] : daemon;
  const child = spawn(command, args, { cwd: directory, stdio: "ignore" });
  const ended = once(child, "exit");
  const pid = await Promise.race([pidOf(join(directory, "log.txt")), ended.then(() => 0)]);
  if (pid === 0) throw new Error(`${command} has ended with ${child.exitCode}`);
  return {
    spool,
    pid,
    lives: () => child.exitCode === null && child.signalCode === null,
    deafened: () => readFileSync(join(directory, "trace.txt"), "utf8").split("(INJECTED)").length - 1,
    isWatching: () => watchesOf(pid).includes(statSync(tasks).ino),
    async end() {
      kill(pid);
      await ended;
    },
  };
}

/** A task that is nothing but seen. */
export function nothing(summary: string): NewHandlerTask {
  return { handler: "work", reads: [], writes: [], summary };
}

async function pidOf(log: string): Promise<number> {
  for (;;) {
    const text = await readFile(log, "utf8").catch(() => "");
    const [, pid] = /"pid":(\d+).*"msg":"daemon started"/.exec(text) ?? [];
    if (pid !== undefined) return Number(pid);
    await sleep(20);
  }
}

/** The inodes that a process watches, as /proc tells. */
function watchesOf(pid: number): readonly number[] {
  const descriptors = readdirSync(`/proc/${pid}/fd`).filter(
    (fd) => linkOf(`/proc/${pid}/fd/${fd}`) === "anon_inode:inotify",
  );
  const lines = descriptors.flatMap((fd) => readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8").split("\n"));
  return lines.flatMap((line) => Number.parseInt(/^inotify wd:\S+ ino:([0-9a-f]+)/.exec(line)?.[1] ?? "", 16) || []);
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // Closed since it was listed.
    return "";
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGCONT");
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended already; whoever waits for it sees how.
  }
}
