import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";

export interface Descriptors {
  /** How many are open. */
  readonly descriptors: number;
  /** How many files and directories inotify watches. */
  readonly watches: number;
}

/** What a process has open now (Linux). */
export async function descriptorsOf(pid: number): Promise<Descriptors> {
  const names = await readdir(`/proc/${pid}/fd`);
  let watches = 0;
  for (const name of names) {
    // One that is closed meanwhile watches nothing.
    const target = await readlink(join(`/proc/${pid}/fd`, name)).catch(() => "");
    if (!target.includes("inotify")) continue;
    const told = await readFile(`/proc/${pid}/fdinfo/${name}`, "utf8").catch(() => "");
    watches += told.split("inotify wd:").length - 1;
  }
  return { descriptors: names.length, watches };
}
