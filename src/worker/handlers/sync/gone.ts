/** Sources that the manifest knows and the walk has not met. */
import { join, posix } from "node:path";
import { errnoOf } from "../../../errors.ts";
import type { System } from "../../../system.ts";

/**
 * `kept`: it is there, but is not looked for any more, or cannot be reached. `emptied`: it is not there, but neither is
 * anything else in its directory, which may be that of a disk that is not mounted.
 */
export type Absence = "gone" | "kept" | "emptied";

/** Tells why sources were not met. @param directory of the sync */
export function createAbsences(system: System, directory: string): (path: string) => Promise<Absence> {
  let last = { below: "", isEmptied: false };

  return async (path) => {
    if (await isThere(join(directory, path))) return "kept";
    const below = posix.dirname(path);
    // In the order of a walk those of one directory come one after the other.
    if (last.below !== below) last = { below, isEmptied: await isEmptied(below) };
    return last.isEmptied ? "emptied" : "gone";
  };

  async function isThere(path: string): Promise<boolean> {
    try {
      await system.fs.lstat(path);
      return true;
    } catch (error) {
      return !isAbsent(error);
    }
  }

  /** Whether nothing lies in the nearest directory that there is; that of the sync itself does not count. */
  async function isEmptied(below: string): Promise<boolean> {
    for (let path = below; path !== "."; path = posix.dirname(path)) {
      try {
        return (await system.fs.readdir(join(directory, path))).length === 0;
      } catch (error) {
        // What cannot be read may be anything.
        if (!isAbsent(error)) return true;
      }
    }
    return false;
  }
}

function isAbsent(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "");
}
