import { readdir, readFile } from "node:fs/promises";
import type { Profiler } from "node:inspector";
import { join } from "node:path";

/** What makes Node write a profile into a directory when it ends. */
export function profiling(directory: string): readonly string[] {
  return ["--cpu-prof", `--cpu-prof-dir=${directory}`];
}

/** The profile that a process has left in a directory. */
export async function profileIn(directory: string): Promise<Profiler.Profile> {
  const [name] = (await readdir(directory)).filter((each) => each.endsWith(".cpuprofile"));
  if (name === undefined) throw new Error("the daemon has left no profile");
  return JSON.parse(await readFile(join(directory, name), "utf8")) as Profiler.Profile;
}

/** Which part of the time at work went to watches, from 0 to 1: to hearing them, and to looking at what they tell of. */
export function watchShareOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): number {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const isWatching = (id: number): boolean => {
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const { functionName, url } = byId.get(at)?.callFrame ?? { functionName: "", url: "" };
      if (url.includes("fs/watchers") || url.includes("chokidar") || LOOKS.has(functionName)) return true;
    }
    return false;
  };
  let [atWork, watching] = [0, 0];
  for (const [index, id] of samples.entries()) {
    if (byId.get(id)?.callFrame.functionName === "(idle)") continue;
    atWork += timeDeltas[index] ?? 0;
    if (isWatching(id)) watching += timeDeltas[index] ?? 0;
  }
  return watching / atWork;
}

/** What the daemon does because a watch has told it to, also when it goes on later. */
const LOOKS: ReadonlySet<string> = new Set(["giveUpTaken"]);
