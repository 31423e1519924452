/**
 * Confinement: which file a path of a task means, and that it lies inside the daemon's roots after every link on
 * the way is resolved. Loaded by the daemon, so it must never load sharp.
 */
import { basename, dirname, join, resolve, sep } from "node:path";
import { type ErrorCode, errnoOf, SpooldError, toSpooldError } from "../errors.ts";
import { ignoring, type System, syncDirectory } from "../system.ts";

/**
 * The roots with every link resolved.
 * @throws CONFIG_INVALID naming the root that is missing or no directory
 */
export async function resolveRoots({ fs }: System, roots: readonly string[]): Promise<readonly string[]> {
  const resolveRoot = async (root: string): Promise<string> => {
    try {
      const real = await fs.realpath(root);
      if ((await fs.lstat(real)).isDirectory()) return real;
    } catch (cause) {
      throw new SpooldError("CONFIG_INVALID", { setting: "roots", value: root, accepts: ROOT }, { cause });
    }
    throw new SpooldError("CONFIG_INVALID", { setting: "roots", value: root, accepts: ROOT });
  };
  return Promise.all(roots.map(resolveRoot));
}

/**
 * The file that a task's `source` means.
 * @param path relative ones start at the first root; `..` is taken out of the text before any link is followed
 * @param roots as `resolveRoots` returns them
 * @returns its real path, inside the roots
 * @throws SOURCE_MISSING, SOURCE_UNREADABLE, PATH_OUTSIDE_ROOTS, IO_ERROR
 */
export async function resolveSource(system: System, path: string, roots: readonly string[]): Promise<string> {
  const absolute = startingAt(roots, path);
  try {
    const { real, missing } = await nearestExisting(system, absolute);
    requireInside(real, roots, { path });
    if (missing.length > 0) throw new SpooldError("SOURCE_MISSING", { path });
    return real;
  } catch (error) {
    throw unreadable(error, { path });
  }
}

/**
 * The path that an output will have: its directory with every link resolved, and its own name. A link that has the
 * name is not followed, for the rename that publishes the output replaces it.
 * @param roots as `resolveRoots` returns them
 * @param options `create`: make the directories that are missing, durably; else the path is told as far as it exists.
 *   `spool`: a real path in which no output may lie, lest a task overwrite others. `isFolder`: the output is a directory
 * @throws PATH_OUTSIDE_ROOTS (before anything is created), OUTPUT_UNWRITABLE, DISK_FULL, DISK_READ_ONLY, IO_ERROR
 */
export async function resolveOutput(
  system: System,
  file: string,
  roots: readonly string[],
  options: { readonly create: boolean; readonly spool?: string; readonly isFolder?: boolean },
): Promise<string> {
  const absolute = startingAt(roots, file);
  try {
    const { real, missing } = await nearestExisting(system, dirname(absolute));
    requireInside(real, roots, { path: file });
    const directory = options.create ? await createBelow(system, real, missing, roots) : join(real, ...missing);
    const path = join(directory, basename(absolute));
    if (options.spool !== undefined && isInside(path, [options.spool])) {
      throw new SpooldError("OUTPUT_UNWRITABLE", { file, because: "it lies in the spool" });
    }
    if (basename(path).startsWith(TEMPORARY_PREFIX)) {
      throw new SpooldError("OUTPUT_UNWRITABLE", { file, because: "the name is that of a temporary" });
    }
    const entry = await ignoring(["ENOENT"], system.fs.lstat(path));
    if (entry !== undefined && entry.isDirectory() !== (options.isFolder ?? false)) {
      const because = `a ${entry.isDirectory() ? "directory" : "file"} has this name`;
      throw new SpooldError("OUTPUT_UNWRITABLE", { file, because });
    }
    return path;
  } catch (error) {
    throw unwritable(error, { file });
  }
}

/** The error to report for a failed call on a source: by its errno, the fault of the path or of the machine. */
export function unreadable(error: unknown, facts: { readonly path: string }): SpooldError {
  return toSpooldError(error, SOURCE_ERRNOS[errnoOf(error) ?? ""] ?? "IO_ERROR", facts);
}

/** The error to report for a failed call on an output or its directory. */
export function unwritable(error: unknown, facts: { readonly file: string } | { readonly path: string }): SpooldError {
  return toSpooldError(error, OUTPUT_ERRNOS.has(errnoOf(error) ?? "") ? "OUTPUT_UNWRITABLE" : "IO_ERROR", facts);
}

/** Whether a real path is one of the roots or lies below one. */
export function isInside(real: string, roots: readonly string[]): boolean {
  return roots.some((root) => real === root || real.startsWith(root.endsWith(sep) ? root : root + sep));
}

/** How the names of temporaries beside outputs begin. */
export const TEMPORARY_PREFIX = ".spoold-";

const ROOT = "directories that exist";

const SOURCE_ERRNOS: Readonly<Record<string, ErrorCode>> = {
  ENOENT: "SOURCE_MISSING",
  ENOTDIR: "SOURCE_MISSING",
  ENAMETOOLONG: "SOURCE_MISSING",
  EACCES: "SOURCE_UNREADABLE",
  EPERM: "SOURCE_UNREADABLE",
  ELOOP: "SOURCE_UNREADABLE",
  ENXIO: "SOURCE_NOT_FILE",
  ERR_INVALID_ARG_VALUE: "SOURCE_UNREADABLE",
};

const OUTPUT_ERRNOS: ReadonlySet<string> = new Set([
  ...["EACCES", "EPERM", "ELOOP", "ENOENT", "ENOTDIR", "EISDIR", "EEXIST", "ENOTEMPTY", "ENAMETOOLONG", "EXDEV"],
  "ERR_INVALID_ARG_VALUE",
]);

function startingAt(roots: readonly string[], path: string): string {
  return resolve(roots[0] ?? sep, path);
}

function requireInside(real: string, roots: readonly string[], facts: { readonly path: string }): void {
  if (!isInside(real, roots)) throw new SpooldError("PATH_OUTSIDE_ROOTS", facts);
}

/** The longest part of a path that exists, links resolved, and the names below it that do not. */
async function nearestExisting({ fs }: System, path: string): Promise<{ real: string; missing: readonly string[] }> {
  const missing: string[] = [];
  for (let existing = path; ; existing = dirname(existing)) {
    const real = await ignoring(["ENOENT"], fs.realpath(existing));
    if (real !== undefined) return { real, missing };
    missing.unshift(basename(existing));
  }
}

/** Makes directories one by one; what another process puts in their place meanwhile is resolved and checked again. */
async function createBelow(
  system: System,
  existing: string,
  missing: readonly string[],
  roots: readonly string[],
): Promise<string> {
  let directory = existing;
  for (const name of missing) {
    const path = join(directory, name);
    await ignoring(["EEXIST"], system.fs.mkdir(path));
    await syncDirectory(system, directory);
    directory = await system.fs.realpath(path);
    requireInside(directory, roots, { path });
  }
  return directory;
}
