import { join } from "node:path";
import { ignoring, type System } from "../../system.ts";
import { type DoctorContext, type Hint, ok, warn } from "./hint.ts";

/** What watches of the file system one account may have, and has. */
export interface InotifyUse {
  readonly instances: number;
  readonly maxInstances: number;
  readonly watches: number;
  readonly maxWatches: number;
}

export function judgeInotify({ instances, maxInstances, watches, maxWatches }: InotifyUse): Hint {
  const tells = `${instances} of ${maxInstances} instances, ${watches} of ${maxWatches} watches in use`;
  const raise = (name: string, value: number): string =>
    `sysctl fs.inotify.${name}=${value}; until then the daemon looks once a second`;
  if (isNearly(instances, maxInstances)) return warn("inotify", tells, raise("max_user_instances", maxInstances * 4));
  if (isNearly(watches, maxWatches)) return warn("inotify", tells, raise("max_user_watches", maxWatches * 4));
  return ok("inotify", tells);
}

function isNearly(used: number, limit: number): boolean {
  return used >= limit * 0.9;
}

export async function inotifyHints({ system }: DoctorContext): Promise<readonly Hint[]> {
  const maxInstances = await limitNamed(system, "max_user_instances");
  const maxWatches = await limitNamed(system, "max_user_watches");
  if (maxInstances === undefined || maxWatches === undefined) return [];
  return [judgeInotify({ maxInstances, maxWatches, ...(await used(system)) })];
}

async function limitNamed({ fs }: System, name: string): Promise<number | undefined> {
  const text = await ignoring(["ENOENT"], fs.readFile(`/proc/sys/fs/inotify/${name}`, "utf8"));
  return text === undefined ? undefined : Number(text);
}

/** As far as this account may see: its own processes, which share its limits. */
async function used({ fs }: System): Promise<{ instances: number; watches: number }> {
  let instances = 0;
  let watches = 0;
  const pids = (await fs.readdir("/proc")).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    for (const fd of (await ignoring(UNSEEN, fs.readdir(`/proc/${pid}/fd`))) ?? []) {
      const target = await ignoring(UNSEEN, fs.readlink(join("/proc", pid, "fd", fd)));
      if (target !== "anon_inode:inotify") continue;
      instances += 1;
      const info = await ignoring(UNSEEN, fs.readFile(join("/proc", pid, "fdinfo", fd), "utf8"));
      watches += info?.match(/^inotify wd:/gm)?.length ?? 0;
    }
  }
  return { instances, watches };
}

/** Processes of other accounts, and those that have just ended. */
const UNSEEN = ["EACCES", "EPERM", "ENOENT", "ESRCH"];
