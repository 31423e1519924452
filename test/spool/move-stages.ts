/** Tasks in every state, and moves of them, for tests. */
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Layout } from "../../src/spool/layout.ts";
import { type MoveResult, moveTasks, type Verb } from "../../src/spool/moves.ts";
import { realSystem, type System } from "../../src/system.ts";
import { reasonName } from "../../src/task/name.ts";
import type { Receipt } from "../../src/task/outcome.ts";
import { filesByState, names, put } from "../support/directories.ts";
import { crashOf, reasonFor } from "./stages.ts";
import { TASK_BYTES } from "./task.ts";

/**
 * A System that waits for no disk: what is tried at a hundred moments shall not take a hundred times as long. Where power
 * is lost is told by a test of its own.
 */
export function unsynced(): System {
  const real = realSystem();
  const open = async (...args: Parameters<System["fs"]["open"]>) => {
    const handle = await real.fs.open(...args);
    handle.sync = async () => undefined;
    return handle;
  };
  return { ...real, fs: { ...real.fs, open } };
}

/** Puts a task file into a state, with what belongs beside it; `place` is `state/name`. */
export async function placeFile(layout: Layout, place: string, number = 7): Promise<string> {
  const path = await put(join(layout.root, place), TASK_BYTES);
  await mkdir(layout.attempts, { recursive: true });
  if (place.startsWith("failed/")) {
    const reason = { ...reasonFor(number), attempts: [crashOf(1)] };
    await put(join(layout.failed, reasonName(number)), JSON.stringify(reason));
  }
  return path;
}

/** Takes away all that lies in the states of a spool, so that it can be used once more. */
export async function clear(layout: Layout): Promise<void> {
  const records = (await names(layout.attempts)).map((name) => `run/attempts/${name}`);
  for (const file of [...(await filesByState(layout)), ...records]) await rm(join(layout.root, file));
}

/** Moves tasks, and tells what became of each. */
export async function moved(
  layout: Layout,
  verb: Verb,
  numbers: readonly number[] = [7],
  { system = realSystem(), dryRun = false }: { system?: System; dryRun?: boolean } = {},
): Promise<MoveResult[]> {
  const results: MoveResult[] = [];
  for await (const result of moveTasks(system, layout, { verb, numbers, dryRun })) results.push(result);
  return results;
}

/** The result of one move in few words: `tasks to held`, or the code of the error and the state that it tells. */
export function told(result: MoveResult | undefined): string {
  if (result === undefined) return "nothing";
  if (result.kind === "moved") return `${result.from} to ${result.to}`;
  const { code, facts } = result.error;
  return [code, facts["state"] ?? facts["files"]].filter((word) => word !== undefined).join(" ");
}

/** The files of tasks, without reasons, as `state/name`. */
export async function taskFiles(layout: Layout): Promise<string[]> {
  return (await filesByState(layout)).filter((file) => !file.endsWith(".reason.json"));
}

export async function receiptIn(layout: Layout, number = 7): Promise<Receipt> {
  return JSON.parse(await readFile(join(layout.done, `${number}.json`), "utf8")) as Receipt;
}
