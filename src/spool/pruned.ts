/**
 * Up to which number receipts may have been removed to save room. It is the name of a file, `run/pruned.42`, as the
 * sequence is: a number that is not above it counts as given and done, so that a copy dropped by hand is not run as that
 * task again.
 */
import { join } from "node:path";
import { ignoring, type System, syncDirectory, unlinkIfThere } from "../system.ts";
import type { Layout } from "./layout.ts";

const NAME = /^pruned\.(\d{1,16})$/;

/** The highest number whose receipt may have been pruned; 0 when none was. */
export async function prunedUpTo({ fs }: System, { run }: Pick<Layout, "run">): Promise<number> {
  const numbers = (await ignoring(["ENOENT"], fs.readdir(run)))?.flatMap((name) => NAME.exec(name)?.[1] ?? []) ?? [];
  return Math.max(0, ...numbers.map(Number));
}

/** Remembers, durably, that receipts up to a number may go. To be called before the first of them is removed. */
export async function rememberPruned(system: System, { run }: Pick<Layout, "run">, number: number): Promise<void> {
  const before = await prunedUpTo(system, { run });
  if (number <= before) return;
  const handle = await system.fs.open(join(run, `pruned.${number}`), "a", 0o600);
  await handle.close();
  await syncDirectory(system, run);
  if (before > 0) await unlinkIfThere(system, join(run, `pruned.${before}`));
}
