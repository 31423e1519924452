/** Daemons that were started detached: how many there were, what they said, and that none stays behind. */
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { livingOwner } from "../../src/spool/daemon-lock.ts";
import { layoutOf } from "../../src/spool/layout.ts";
import { realSystem } from "../../src/system.ts";
import { freshDirectory, type LogLine, lives, until } from "./daemon.ts";
import { placePicture } from "./spool.ts";

/** A directory with a picture, on whose `spool` daemons may be started. */
export interface Place {
  readonly directory: string;
  readonly spool: string;
  /** For the options of what starts daemons. */
  readonly start: { readonly args: readonly string[]; readonly logFile: string };
  /** All whole lines of the log. */
  lines(): Promise<readonly LogLine[]>;
  /** The pids of daemons that have owned the spool, as their log tells. */
  daemons(): Promise<readonly number[]>;
  /** How often the spool was owned: each time has a generation of its own. */
  generations(): Promise<number>;
  /** Resolves when no daemon owns the spool, and all that have spoken in the log are gone. */
  quiet(): Promise<void>;
}

/** A fresh directory; what still runs on its spool is killed at the end of the test, before it is removed. */
export async function freshPlace(): Promise<Place> {
  const directory = await freshDirectory();
  const layout = layoutOf(join(directory, "spool"));
  const logFile = join(directory, "log.txt");
  await mkdir(join(directory, "out"));
  await placePicture(join(directory, "quick.jpg"));
  const lines = async (): Promise<readonly LogLine[]> => {
    const text = await readFile(logFile, "utf8").catch(() => "");
    return text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LogLine);
  };
  const owner = async () => livingOwner(realSystem(), layout).catch(() => undefined);
  const pids = async (): Promise<readonly number[]> => {
    const found = new Set([...(await lines()).map(({ pid }) => Number(pid)), (await owner())?.pid ?? 0]);
    return [...found].filter((pid) => pid > 0 && pid !== process.pid);
  };
  onTestFinished(async () => {
    for (const pid of await pids()) if (lives(pid)) process.kill(pid, "SIGKILL");
  });
  return {
    directory,
    spool: layout.root,
    start: { args: ["--concurrency", "1", "--settle", "50", "--root", directory], logFile },
    lines,
    daemons: async () => {
      const started = (await lines()).filter(({ msg }) => msg === "daemon started");
      return [...new Set(started.map(({ pid }) => Number(pid)))];
    },
    generations: async () => {
      const found = (await readdir(layout.run)).map((name) => /^owner\.(\d+)\.json$/.exec(name)?.[1] ?? "0");
      return Math.max(0, ...found.map(Number));
    },
    quiet: async () => {
      await until(async () => (await owner()) === undefined);
      await until(async () => !(await pids()).some(lives));
    },
  };
}
