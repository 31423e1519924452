/** Tasks that read and write in a directory which another process swaps all the time for a link that leads out. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openSpool } from "../../../src/index.ts";
import { type Ending, waitForEnding } from "../../../src/spool/endings.ts";
import { layoutOf } from "../../../src/spool/layout.ts";
import type { NewHandlerTask, NewTask } from "../../../src/spool/spool.ts";
import { realSystem } from "../../../src/system.ts";
import { placePicture } from "../../support/spool.ts";
import type { TortureReport } from "../torture-context.ts";
import { startVictim } from "../victim.ts";
import { createSentinel, showsSentinel } from "./sentinel.ts";
import { faultsOfWords } from "./words.ts";

/** What tasks do in the directory that is swapped. */
const RACES: Readonly<Record<string, (index: number) => NewTask | NewHandlerTask>> = {
  outputs: (index) => made(`swap/${index}.jpg`, `swap/${index}.webp`),
  replaced: () => made("swap/kept.jpg"),
  folders: (index) => made(`swap/new-${index}/deeper/${index}.jpg`),
  tiles: (index) => diced(`swap/${index}.dzi`),
  "replaced tiles": () => diced("swap/tiles.dzi"),
  source: (index) => ({ source: "swap/in.jpg", outputs: [{ file: `made/source-${index}.jpg` }] }),
  overlay: (index) => ({
    source: "safe.jpg",
    outputs: [{ file: `made/overlay-${index}.jpg`, steps: [{ composite: { input: "swap/in.jpg" } }] }],
  }),
  sync: () => ({ handler: "sync", data: { from: "swap", recipe: "beside", settleMs: 0, remove: true } }),
};

const SETTINGS = ["--concurrency", "2", "--max-attempts", "2", "--backoff", "20", "--max-alike", "0"];
const SWAPPER = fileURLToPath(new URL("swapper.ts", import.meta.url));
const PATIENCE_MS = 60_000;

/** Runs so many tasks against a process that swaps. @param kinds of races; all when it is left out */
export async function race(
  directory: string,
  count: number,
  kinds: readonly string[] = Object.keys(RACES),
): Promise<TortureReport> {
  const arena = join(directory, "arena");
  const spool = await prepare(arena);
  const sentinel = await createSentinel(join(directory, "outside"), ["in.jpg", "kept.jpg", "0.jpg", "tiles.dzi"]);
  const victim = await startVictim(arena, SETTINGS);
  const swapper = startSwapper(join(arena, "swap"), join(directory, "outside", "below"));
  const faults: string[] = [];
  const ends: Record<string, number> = {};
  let next = 0;
  const feed = async (): Promise<void> => {
    for (let index = next++; index < count && victim.lives(); index = next++) {
      const kind = kinds[index % kinds.length] as string;
      const end = await run(spool, RACES[kind]?.(index) as NewTask);
      const word = end === null ? "never ended" : end.kind === "failed" ? end.reason.error.code : end.kind;
      ends[`${kind}: ${word}`] = (ends[`${kind}: ${word}`] ?? 0) + 1;
      if (end === null) faults.push(`race ${index} (${kind}) did not end`);
      if (end?.kind === "done" && /source|overlay/.test(kind) && (await leaks(end)))
        faults.push(`race ${index} (${kind}) shows what lies outside the roots`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, feed));
  const swaps = await swapper.stop();
  const { exit, ...figures } = await victim.stop();
  if (exit !== 0) faults.push(`the daemon ended with ${exit}`);
  if (swaps < count) faults.push(`${swaps} swaps were too few for ${count} races`);
  for (const change of await sentinel.changes()) faults.push(`outside the roots ${change}`);
  faults.push(...(await faultsOfWords(arena, layoutOf(spool.directory))));
  sentinel.close();
  const { errors, longestMs, peakMib } = figures;
  return {
    faults,
    counts: { races: ends, errors },
    figures: { races: Math.min(next, count), swaps, longestMs, peakMib },
  };
}

async function prepare(arena: string): Promise<Awaited<ReturnType<typeof openSpool>>> {
  await mkdir(join(arena, "swap", "below"), { recursive: true });
  await mkdir(join(arena, "made"));
  await placePicture(join(arena, "safe.jpg"));
  for (const name of ["in.jpg", "kept.jpg"]) await cp(join(arena, "safe.jpg"), join(arena, "swap", name));
  const spool = await openSpool(join(arena, "spool"));
  const recipe = { outputs: [{ file: "{dir}/made/{name}.webp", width: 20 }] };
  await mkdir(layoutOf(spool.directory).recipes);
  await writeFile(join(layoutOf(spool.directory).recipes, "beside.json"), JSON.stringify(recipe));
  return spool;
}

async function run(
  spool: Awaited<ReturnType<typeof openSpool>>,
  task: NewTask | NewHandlerTask,
): Promise<Ending | null> {
  const { number } = await spool.enqueue(task, { sizes: false });
  try {
    return await waitForEnding(realSystem(), layoutOf(spool.directory), number, AbortSignal.timeout(PATIENCE_MS));
  } catch {
    // It has not ended, which is told.
    return null;
  }
}

async function leaks(end: Extract<Ending, { kind: "done" }>): Promise<boolean> {
  const shown = await Promise.all(end.receipt.outputs.map(({ path }) => showsSentinel(path)));
  return shown.includes(true);
}

function startSwapper(directory: string, target: string): { stop(): Promise<number> } {
  const child = spawn(process.execPath, ["--import", "tsx", SWAPPER, directory, target], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let told = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    told += text;
  });
  const ended = once(child, "close");
  return {
    async stop() {
      child.stdin.end();
      await ended;
      return Number(told);
    },
  };
}

function made(...files: string[]): NewTask {
  return { source: "safe.jpg", outputs: files.map((file) => ({ file, width: 20 })) };
}

function diced(file: string): NewTask {
  return { source: "safe.jpg", outputs: [{ file, tile: { size: 16 } }] };
}
