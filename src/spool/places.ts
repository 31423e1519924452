/** Where the files of given numbers lie: what a command must know before it moves them. */
import { join } from "node:path";
import { ignoring, type System } from "../system.ts";
import { readName } from "../task/name.ts";
import type { Found } from "./find.ts";
import type { Layout } from "./layout.ts";

/** Read in this order, so that a task that goes its way while they are read is seen in a later one. */
const ORDER = ["tasks", "deferred", "active", "deferred", "held", "failed"] as const;

/** What a person moves against this order may be missed, so one reading that finds nothing proves nothing. */
const READINGS = 3;

/**
 * Finds tasks that have not ended well, many at once for one reading of the directories.
 * @returns for each number that was found one place; several when several files have the number
 */
export async function placesOf(
  system: System,
  layout: Layout,
  numbers: Iterable<number>,
): Promise<ReadonlyMap<number, readonly Found[]>> {
  const places = new Map<number, readonly Found[]>();
  const missing = new Set(numbers);
  for (let reading = 0; reading < READINGS && missing.size > 0; reading++) {
    for (const [number, found] of await read(system, layout, missing)) {
      const there = found.length === 1 ? found : await stillThere(system, found);
      if (there.length === 0) continue;
      places.set(number, there);
      missing.delete(number);
    }
  }
  return places;
}

async function read(
  { fs }: System,
  layout: Layout,
  numbers: ReadonlySet<number>,
): Promise<ReadonlyMap<number, readonly Found[]>> {
  const places = new Map<number, Found[]>();
  for (const state of ORDER) {
    for await (const dirent of await fs.opendir(layout[state], { bufferSize: 1_024 })) {
      const { name } = dirent;
      const kind = readName(name);
      if (kind.kind !== "task" || !numbers.has(kind.entry.number) || !dirent.isFile()) continue;
      const path = join(layout[state], name);
      const known = places.get(kind.entry.number) ?? [];
      if (known.some((place) => place.path === path)) continue;
      places.set(kind.entry.number, [...known, { state, path, entry: kind.entry }]);
    }
  }
  return places;
}

/** Two looks: one file that moves from the first place to the second between them is at one of these only. */
async function stillThere({ fs }: System, found: readonly Found[]): Promise<readonly Found[]> {
  let there = found;
  for (let look = 0; look < 2; look++) {
    const stats = await Promise.all(there.map(({ path }) => ignoring(["ENOENT"], fs.lstat(path))));
    there = there.filter((_place, index) => stats[index] !== undefined);
  }
  return there;
}
