import { basename, join } from "node:path";
import { SpooldError } from "../errors.ts";
import { ignoring, type System, syncDirectory } from "../system.ts";
import type { Found } from "./find.ts";
import type { Layout, State } from "./layout.ts";

/** Where a task is to go. */
interface Target {
  readonly state: State;
  readonly name: string;
}

/**
 * The one rename of a command, durable when it resolves. A crash leaves the task on one side of it; a daemon that was to
 * claim it, or another command, finds it on the other.
 * @returns false when the file has gone elsewhere meanwhile
 * @throws NUMBER_TWICE when a file of this name is there already: nothing is overwritten
 */
export async function relocate(system: System, layout: Layout, place: Found, target: Target): Promise<boolean> {
  const to = join(layout[target.state], target.name);
  if (await isThere(system, to)) {
    // Another command was quicker, with this very file.
    if (!(await isThere(system, place.path))) return false;
    const files = `${place.state}/${basename(place.path)} ${target.state}/${target.name}`;
    throw new SpooldError("NUMBER_TWICE", { number: place.entry.number, files });
  }
  const renaming = system.fs.rename(place.path, to).then(() => true);
  if ((await ignoring(["ENOENT"], renaming)) === undefined) return false;
  await Promise.all([syncDirectory(system, layout[target.state]), syncDirectory(system, layout[place.state])]);
  return true;
}

async function isThere({ fs }: System, path: string): Promise<boolean> {
  return (await ignoring(["ENOENT"], fs.lstat(path))) !== undefined;
}
