/**
 * What lets a task end at once that was done before: `run/fresh/KEY` is a second name of the latest receipt of a task
 * with that key, if it said `skipIfFresh`. It takes the place of the receipt's temporary, so that it costs nothing, and
 * outlives the receipt. It is a hint: without it, or when power fails before it is durable, outputs are made once more.
 */
import { join } from "node:path";
import { ignoring, type System, unlinkIfThere } from "../system.ts";
import type { Receipt } from "../task/outcome.ts";
import { parseObject } from "../task/text.ts";
import type { Layout } from "./layout.ts";
import { inSlices, type Rest } from "./prune/slices.ts";

type Place = Pick<Layout, "fresh">;

/**
 * Gives a committed receipt its second name, or removes the first one. Never fails for want of room.
 * @param temporary the name under which the receipt was written
 */
export async function rememberReceipt(
  system: System,
  { fresh }: Place,
  { key, source }: Receipt,
  temporary: string,
): Promise<void> {
  // Only who knows what the source was can tell later that it is the same.
  if (source?.sha256 === undefined) return system.fs.unlink(temporary);
  const rename = (): Promise<true> => system.fs.rename(temporary, join(fresh, key)).then(() => true);
  try {
    if (await ignoring(["ENOENT"], rename())) return;
    await ignoring(["EEXIST"], system.fs.mkdir(fresh, { mode: 0o700 }));
    await rename();
  } catch {
    // A full disk, most likely: the receipt itself is safe.
    await unlinkIfThere(system, temporary);
  }
}

/** The latest receipt of a key, as it lies there; undefined when none was remembered, or it is damaged. */
export async function rememberedReceipt(
  { fs }: System,
  { fresh }: Place,
  key: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  // Nothing is lost but time when it cannot be read, for whatever reason.
  const text = await fs.readFile(join(fresh, key), "utf8").catch(() => "");
  return parseObject(text);
}

/**
 * Forgets the receipts of keys with which no task has ended since a time: their outputs are made once more if a task asks
 * for them again.
 * @param beforeMs ms since epoch
 * @returns how many
 */
export async function forgetReceipts(system: System, { fresh }: Place, beforeMs: number, rest: Rest): Promise<number> {
  const keys = (await ignoring(["ENOENT"], system.fs.readdir(fresh))) ?? [];
  let forgotten = 0;
  await inSlices(keys, rest, async (key) => {
    const stat = await ignoring(["ENOENT"], system.fs.lstat(join(fresh, key)));
    if (stat === undefined || !stat.isFile() || stat.mtimeMs >= beforeMs) return;
    await unlinkIfThere(system, join(fresh, key));
    forgotten += 1;
  });
  return forgotten;
}
