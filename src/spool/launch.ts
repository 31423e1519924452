import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ignoring, type System, unlinkIfThere } from "../system.ts";
import type { Layout } from "./layout.ts";

/** What is run: `spoold` with these words. */
interface Command {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Where the command lies, seen from the source tree and from the built one, where files are bundled. */
const PLACES = ["../../bin/spoold.js", "../bin/spoold.js"] as const;

/** The service manager's words for the program that starts it, which a daemon must not speak for. */
const NOT_PASSED_ON = /^(NOTIFY_SOCKET|WATCHDOG_(USEC|PID)|LISTEN_(FDS|PID|FDNAMES)|MAINPID)$/;

/** More than what a daemon has to say at its end. */
const MAX_SAID = 4_096;

/**
 * Starts `spoold` in the working directory so that it outlives this process and keeps no hold on it.
 * @param ended told when it has ended while this process lives, with what it said on standard error; never rejects
 * @throws what the system reports when it cannot be started
 */
export async function launchDetached(
  system: System,
  layout: Layout,
  { args, env }: Command,
  ended: (code: number | null, signal: NodeJS.Signals | null, says: string) => Promise<void>,
): Promise<void> {
  const bin = await findCommand(system);
  const said = await openSaid(system, layout).catch(() => undefined);
  try {
    const passed = Object.entries(env).filter(([name]) => !NOT_PASSED_ON.test(name));
    const child = spawn(process.execPath, [bin, ...args], {
      env: Object.fromEntries(passed),
      detached: true,
      stdio: ["ignore", "ignore", said?.fd ?? "ignore"],
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.once("exit", (code, signal) => void readSaid(said).then((says) => ended(code, signal, says)));
    child.unref();
  } catch (error) {
    await said?.close();
    throw error;
  }
}

async function findCommand(system: System): Promise<string> {
  const paths = PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  for (const path of paths) {
    if ((await ignoring(["ENOENT", "ENOTDIR"], system.fs.lstat(path))) !== undefined) return path;
  }
  throw Object.assign(new Error(`ENOENT: spoold's own command is not at ${paths.join(" or ")}`), { code: "ENOENT" });
}

/** A file without a name: not a pipe, which would break under the daemon when this process ends. */
async function openSaid(system: System, layout: Layout): Promise<FileHandle> {
  const path = join(layout.tmp, `${randomUUID()}.said`);
  const handle = await system.fs.open(path, "wx+", 0o600);
  await unlinkIfThere(system, path);
  return handle;
}

async function readSaid(said: FileHandle | undefined): Promise<string> {
  try {
    const read = await said?.read(Buffer.alloc(MAX_SAID), 0, MAX_SAID, 0);
    await said?.close();
    return read?.buffer.subarray(0, read.bytesRead).toString() ?? "";
  } catch {
    // It only helps to understand; the exit code says that something was wrong.
    return "";
  }
}
