/**
 * Which file a handler's name means. A task only names it: what runs is what the operator has put into the directory of
 * handlers, and nobody else may have written.
 */
import type { BigIntStats } from "node:fs";
import { dirname, join } from "node:path";
import { closest } from "fastest-levenshtein";
import { SpooldError } from "../../errors.ts";
import { isInside } from "../../image/paths.ts";
import { ignoring, type System } from "../../system.ts";
import { isHandlerName } from "../../task/words.ts";
import { builtInNames } from "./built-in.ts";

/** The file of a handler that may be run. */
export interface HandlerFile {
  /** With every link resolved. */
  readonly path: string;
  /** Another one when the file has changed. */
  readonly version: string;
}

/** In the order in which they are looked for. */
const ENDINGS = [".js", ".mjs"] as const;

/**
 * Finds a handler and checks that it may be run.
 * @param directory of the handlers, absolute
 * @param name as the task's schema has checked it
 * @throws HANDLER_MISSING with the names that there are; HANDLER_UNSAFE, naming what is wrong; IO_ERROR
 */
export async function findHandler(system: System, directory: string, name: string): Promise<HandlerFile> {
  const { fs } = system;
  const holder = await ignoring(ABSENT, fs.realpath(directory));
  for (const ending of holder === undefined ? [] : ENDINGS) {
    const named = join(holder as string, `${name}${ending}`);
    if ((await ignoring(ABSENT, fs.lstat(named))) !== undefined) return checked(system, holder as string, named);
  }
  throw await missing(system, directory, name);
}

/** Not there, or not there as anything that could hold a handler. */
const ABSENT = ["ENOENT", "ENOTDIR"];

async function checked({ fs }: System, holder: string, named: string): Promise<HandlerFile> {
  const path = await ignoring([...ABSENT, "ELOOP"], fs.realpath(named));
  if (path === undefined) throw unsafe(named, "it is a link that leads nowhere");
  if (!isInside(path, [holder])) throw unsafe(named, "it is a link that leads out of the directory of handlers");
  // Whoever may write one of the directories could put a file of their own into its place.
  for (let above = dirname(path); isInside(above, [holder]); above = dirname(above))
    requireOurs(above, await fs.lstat(above, { bigint: true }));
  const stat = await fs.lstat(path, { bigint: true });
  if (!stat.isFile()) throw unsafe(path, "it is not a regular file");
  requireOurs(path, stat);
  return { path, version: `${stat.ino}-${stat.size}-${stat.mtimeNs}-${stat.ctimeNs}` };
}

/** What another account has written, or may write, is not run. */
function requireOurs(path: string, { uid, mode }: BigIntStats): void {
  const own = process.getuid?.() ?? 0;
  if (uid !== 0n && uid !== BigInt(own)) throw unsafe(path, "it belongs to another account");
  if ((mode & 0o022n) !== 0n) throw unsafe(path, "others may write it", (mode & 0o7777n).toString(8));
}

function unsafe(path: string, because: string, mode?: string): SpooldError {
  return new SpooldError("HANDLER_UNSAFE", { path, because, ...(mode !== undefined && { mode }) });
}

async function missing({ fs }: System, directory: string, handler: string): Promise<SpooldError> {
  const files = (await ignoring([...ABSENT, "EACCES"], fs.readdir(directory))) ?? [];
  const names = files.flatMap((file) => {
    const ending = ENDINGS.find((each) => file.endsWith(each));
    return ending === undefined ? [] : [file.slice(0, -ending.length)];
  });
  const known = [...new Set([...names.filter(isHandlerName), ...builtInNames()])].sort();
  const told = known.length === 0 ? {} : { nearest: closest(handler, known), known: known.join(", ") };
  return new SpooldError("HANDLER_MISSING", { handler, directory, ...told });
}
