/** Every attack by path as a drop for a real daemon, and whether anything got out. */
import { execFile } from "node:child_process";
import { link, mkdir, readdir, readFile, realpath, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { isInside } from "../../../src/image/paths.ts";
import { openSpool } from "../../../src/index.ts";
import { type Layout, layoutOf } from "../../../src/spool/layout.ts";
import type { Receipt } from "../../../src/task/outcome.ts";
import { placeModule } from "../../support/handlers.ts";
import { placePicture } from "../../support/spool.ts";
import type { TortureReport } from "../torture-context.ts";
import { startVictim } from "../victim.ts";
import { type Attack, attacksOn } from "./attacks.ts";
import { createSentinel, showsSentinel } from "./sentinel.ts";
import { faultsOfWords } from "./words.ts";

const SETTINGS = [
  ...["--concurrency", "2", "--settle", "50", "--reject-after", "1000", "--max-attempts", "2", "--backoff", "10"],
  ...["--max-alike", "0", "--timeout", "10000"],
];
const PATIENCE_MS = 300_000;

/** @param every one in so many attacks is made; all when it is 1 */
export async function attackByPath(directory: string, every = 1): Promise<TortureReport> {
  const [arena, outside] = [join(directory, "arena"), join(directory, "outside")];
  const sentinel = await createSentinel(outside, ["in.jpg", "kept.jpg", "tiles.dzi"]);
  const layout = await prepare(arena, outside);
  const before = await readdir(layout.root);
  const attacks = attacksOn(outside).filter(({ index }) => index % every === 0);
  const victim = await startVictim(arena, SETTINGS);
  for (const { index, text } of attacks) {
    await writeFile(join(arena, "next"), text);
    await rename(join(arena, "next"), join(layout.tasks, nameOf(index)));
  }
  const endAtMs = performance.now() + PATIENCE_MS;
  while (victim.lives() && performance.now() < endAtMs && !(await isQuiet(layout))) await sleep(50);
  const { exit, errors, longestMs, peakMib } = await victim.stop();
  const faults = (await sentinel.changes()).map((change) => `outside the roots ${change}`);
  sentinel.close();
  if (exit !== 0) faults.push(`the daemon ended with ${exit}`);
  const { ends, ...more } = await judge(layout, arena, attacks);
  faults.push(...more.faults, ...(await faultsOfWords(arena, layout)));
  const added = (await readdir(layout.root)).filter((name) => !before.includes(name));
  if (added.length > 0) faults.push(`the spool has got ${added.join(", ")}`);
  return { faults, counts: { ends, errors }, figures: { attacks: attacks.length, longestMs, peakMib } };
}

async function prepare(arena: string, outside: string): Promise<Layout> {
  await mkdir(join(arena, "made"), { recursive: true });
  await placePicture(join(arena, "safe.jpg"));
  await placePicture(join(arena, "own.jpg"));
  await symlink(outside, join(arena, "out"));
  await symlink("../out/below/..", join(arena, "made", "out"));
  await symlink("made/out", join(arena, "chain"));
  await symlink("loop", join(arena, "loop"));
  await symlink("/dev/zero", join(arena, "device.jpg"));
  await symlink(join(outside, "in.jpg"), join(arena, "leak.jpg"));
  await link(join(outside, "recipe.json"), join(arena, "hard.jpg"));
  await promisify(execFile)("mkfifo", [join(arena, "pipe.jpg")]);
  const layout = layoutOf((await openSpool(join(arena, "spool"))).directory);
  await mkdir(layout.recipes);
  const recipe = { vars: { album: "made" }, outputs: [{ file: "{album}/{name}-of.jpg", width: 20 }] };
  await writeFile(join(layout.recipes, "album.json"), JSON.stringify(recipe));
  await placeModule(layout.handlers, "note.mjs", "export default () => null;");
  return layout;
}

async function isQuiet(layout: Layout): Promise<boolean> {
  const states = [layout.tasks, layout.active, layout.deferred];
  return (await Promise.all(states.map((state) => readdir(state)))).flat().length === 0;
}

async function judge(
  layout: Layout,
  arena: string,
  attacks: readonly Attack[],
): Promise<{ faults: string[]; ends: Record<string, number> }> {
  const faults: string[] = [];
  const [done, failed, rejected] = await Promise.all(
    [layout.done, layout.failed, layout.rejected].map((state) => readdir(state)),
  );
  // A sync may have queued tasks of its own.
  const ends = {
    done: done?.length ?? 0,
    failed: (failed?.length ?? 0) / 2,
    rejected: (rejected?.length ?? 0) / 2,
  };
  if (ends.done + ends.failed + ends.rejected < attacks.length)
    faults.push(`of ${attacks.length} attacks only ${JSON.stringify(ends)} have ended`);
  for (const file of done ?? []) {
    const { outputs = [] } = JSON.parse(await readFile(join(layout.done, file), "utf8")) as Partial<Receipt>;
    for (const { path, tiles } of outputs) {
      const real = await realpath(path).catch(() => path);
      if (!isInside(real, [arena]) || isInside(real, [layout.root])) faults.push(`${file} has written ${real}`);
      else if (tiles === undefined && (await showsSentinel(real))) faults.push(`${file} shows what lies outside`);
    }
  }
  return { faults, ends };
}

function nameOf(index: number): string {
  return `attack-${index}.json`;
}
