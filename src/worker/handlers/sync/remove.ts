/** Removes outputs whose source is gone: none but those that lie there as a task of a sync has made them. */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { type ErrorCode, pausesDaemon } from "../../../errors.ts";
import { confined } from "../../../image/confined.ts";
import { resolveOutput, unwritable } from "../../../image/paths.ts";
import { removeAll } from "../../../image/replace.ts";
import { temporaryPath } from "../../../image/temporaries.ts";
import { requireTileFolder } from "../../../image/tile-folder.ts";
import { ignoring, type System, syncDirectory, unlinkIfThere } from "../../../system.ts";
import { endOf } from "./judge.ts";
import { isSameState, type KnownOutput, type KnownSource } from "./known-source.ts";
import { lookAt, seen } from "./look.ts";
import type { Standings } from "./standings.ts";
import type { Tally } from "./tally.ts";

export interface RemoveContext {
  readonly system: System;
  readonly roots: readonly string[];
  readonly spool: string;
  readonly standings: Standings;
  readonly tally: Tally;
  readonly dryRun: boolean;
  /** How a source is named in tasks. */
  readonly nameOf: (path: string) => string;
  /** Outputs that sources make that are there. */
  readonly isClaimed: (file: string) => boolean;
}

/** What lies in the way may go away by itself or by a person's hand: another sync tries again. */
const TRIED_AGAIN: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["OUTPUT_UNWRITABLE", "IO_ERROR"]);

/**
 * Removes what was made of a source that is gone, and tells of each file that was removed or left.
 * @returns whether there is nothing left to be done about it, so that it may be forgotten
 * @throws DISK_READ_ONLY and what else is the machine's fault
 */
export async function removeOutputs(context: RemoveContext, source: KnownSource): Promise<boolean> {
  const { system, roots, standings, tally, nameOf } = context;
  const root = roots[0] ?? "/";
  const ended = await endOf(standings, source);
  if (ended !== "unknown" && ended.standing === "waiting") {
    tally.list("left", { file: nameOf(source.path), because: "its task has not ended" });
    return false;
  }
  const looks = await Promise.all(source.outputs.map((output) => lookAt(system, root, output)));
  const { outputs, former } = ended === "unknown" ? source : seen(source, looks, ended);
  let isDone = true;
  for (const output of [...outputs, ...former]) {
    try {
      await removeOne(context, root, output);
    } catch (error) {
      const known = unwritable(error, { file: output.file });
      if (pausesDaemon(known.code)) throw known;
      tally.list("left", { file: output.file, because: String(known.facts["because"] ?? known.message) });
      if (TRIED_AGAIN.has(known.code) && known.facts["because"] === undefined) isDone = false;
    }
  }
  return isDone;
}

async function removeOne(context: RemoveContext, root: string, output: KnownOutput): Promise<void> {
  const { system, tally, dryRun, isClaimed } = context;
  const { file, folder, made } = output;
  const look = await lookAt(system, root, { file, folder: null });
  const leave = (because: string): void => tally.list("left", { file, because });
  if (isClaimed(file)) return leave("another source makes it");
  if (look !== null && made === null) return leave("nobody knows that a sync had it made");
  if (look !== null && !isSameState(look, made)) return leave("it was changed since it was made");
  if (made === null) return;
  const places = await placesOf(context, output);
  if (places.folder !== null) await requireTileFolder(system, places.folder);
  const isThere =
    look !== null || (folder !== null && (await lookAt(system, root, { file: folder, folder: null })) !== null);
  if (!dryRun) await takeAway(system, places);
  if (isThere) tally.list("removed", { file });
}

interface Places {
  /** Null where the folder is all there is. */
  readonly file: string | null;
  readonly folder: string | null;
}

/** Where an output lies: inside the roots, and not in the spool. */
async function placesOf({ system, roots, spool }: RemoveContext, { file, folder }: KnownOutput): Promise<Places> {
  const at = (name: string, isFolder: boolean): Promise<string> =>
    resolveOutput(system, name, roots, { create: false, spool, isFolder });
  return {
    file: folder === file ? null : await at(file, false),
    folder: folder === null ? null : await at(folder, true),
  };
}

/** The file first: who finds it looks for tiles. A folder goes at once under a hidden name, and then piece by piece. */
function takeAway(system: System, places: Places): Promise<void> {
  return confined(system, (inside) => takeAwayInside(inside, places));
}

async function takeAwayInside(system: System, { file, folder }: Places): Promise<void> {
  if (file !== null) {
    await unlinkIfThere(system, file);
    await syncIfThere(system, dirname(file));
  }
  if (folder === null) return;
  // It follows from the folder's own name, so that the next sync ends what a kill has left half done.
  const tag = createHash("sha256").update(folder).digest("hex").slice(0, 16);
  const aside = temporaryPath(folder, `gone-${tag}`, 0);
  await removeAll(system, aside);
  await ignoring(["ENOENT"], system.fs.rename(folder, aside));
  await syncIfThere(system, dirname(folder));
  await removeAll(system, aside);
}

/** What lay in a directory that is gone is gone as well. */
async function syncIfThere(system: System, directory: string): Promise<void> {
  await ignoring(["ENOENT", "ENOTDIR"], syncDirectory(system, directory));
}
