import { readdir, readFile } from "node:fs/promises";
import type { Teller } from "../../src/worker/protocol.ts";

/** For work whose progress nobody wants to hear. */
export const SILENT: Teller = { rendered: () => undefined, progress: () => undefined, says: () => undefined };

/** The pids of a daemon's living worker processes (Linux). */
export async function workersOf(daemonPid: number): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => ((await isWorkerOf(pid, daemonPid)) ? [pid] : [])));
  return found.flat();
}

async function isWorkerOf(pid: number, daemonPid: number): Promise<boolean> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state !== "Z" && Number(parent) === daemonPid;
  } catch {
    // It has ended between the listing and now.
    return false;
  }
}
