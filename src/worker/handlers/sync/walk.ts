/** The pictures of a directory, in the order of their paths, one after the other: what is kept is one listing a level. */
import type { Dirent } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../../errors.ts";
import { unreadable } from "../../../image/paths.ts";
import { ignoring, type System } from "../../../system.ts";

/** A picture that was found. */
export interface FoundSource {
  /** From the directory on, with `/`. */
  readonly path: string;
  readonly size: number;
  /** ns since epoch. */
  readonly mtimeNs: bigint;
  /** When anything about it was changed last, ms since epoch; nobody can set it. */
  readonly changedAtMs: number;
}

export interface Walk {
  /** Absolute, links resolved. */
  readonly directory: string;
  readonly recursive: boolean;
  readonly matches: (name: string) => boolean;
  /** A directory that is passed over, absolute. */
  readonly except: string;
  /** Told of a directory below the first that cannot be read. */
  readonly unreadable: (path: string, because: string) => void;
}

/** Somebody's temporaries, and what systems leave beside pictures. */
const PASSED_OVER = /^\.|~$|\.(?:tmp|part|swp)$/i;

/** @throws SOURCE_UNREADABLE or SOURCE_MISSING of the directory itself */
export async function* walkSources(system: System, walk: Walk, below = ""): AsyncGenerator<FoundSource> {
  for (const entry of await listed(system, walk, below)) {
    const path = below + entry.name;
    if (entry.isDirectory()) {
      if (walk.recursive && join(walk.directory, path) !== walk.except) yield* walkSources(system, walk, `${path}/`);
      continue;
    }
    // Links are passed over: where they lead, the picture may be found as well.
    if (!entry.isFile() || !walk.matches(entry.name)) continue;
    const stat = await ignoring(GONE, system.fs.lstat(join(walk.directory, path), { bigint: true }));
    if (stat === undefined) continue;
    yield { path, size: Number(stat.size), mtimeNs: stat.mtimeNs, changedAtMs: Number(stat.ctimeMs) };
  }
}

/** Whether a walk would come upon a file of this path below its directory. */
export function isReached({ recursive, matches }: Pick<Walk, "recursive" | "matches">, path: string): boolean {
  const names = path.split("/");
  if (names.some((name) => PASSED_OVER.test(name))) return false;
  return (recursive || names.length === 1) && matches(names.at(-1) ?? "");
}

/** By segments: what lies in `a/` comes before `a.jpg`, as a walk meets it. */
export function comparePaths(a: string, b: string): number {
  const [left, right] = [a.split("/"), b.split("/")];
  for (let at = 0; at < left.length && at < right.length; at++) {
    const [one = "", other = ""] = [left[at], right[at]];
    if (one !== other) return one < other ? -1 : 1;
  }
  return left.length - right.length;
}

/** Gone since it was listed, or of a name that cannot be told. */
const GONE = ["ENOENT", "ENOTDIR", "EILSEQ"];

async function listed({ fs }: System, walk: Walk, below: string): Promise<readonly Dirent[]> {
  try {
    const entries = await fs.readdir(join(walk.directory, below), { withFileTypes: true });
    return entries.filter(({ name }) => !PASSED_OVER.test(name)).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (below === "") throw unreadable(error, { path: walk.directory });
    const errno = errnoOf(error) ?? "unknown";
    if (!GONE.includes(errno)) walk.unreadable(below.slice(0, -1), errno);
    return [];
  }
}
