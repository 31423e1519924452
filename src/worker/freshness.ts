import { createHash } from "node:crypto";
import { resolveDestination } from "../image/destinations.ts";
import { resolveSource } from "../image/paths.ts";
import { readSource } from "../image/source.ts";
import { settlePlaced } from "../image/tile-files.ts";
import { ignoring, type System } from "../system.ts";
import type { OutputFile, OverlayFile, SourceFile } from "../task/outcome.ts";
import { type Output, readsOf } from "../task/task.ts";
import type { EarlierWork, PictureRequest } from "./protocol.ts";

/** What is needed to tell whether work is fresh. */
type Place = Pick<PictureRequest, "task" | "roots" | "spool" | "limits">;

/**
 * Whether the outputs of an earlier task with the same key are there still, byte for byte, made of what would be read
 * now. Decodes nothing.
 * @throws as `resolveSource` and `readSource`: then the outputs cannot be made either
 */
export async function isFresh(system: System, request: Place, { source, outputs }: EarlierWork): Promise<boolean> {
  const { task } = request;
  if (outputs.length !== task.outputs.length) return false;
  // Where they are wanted now: the roots may have changed.
  for (const [index, output] of task.outputs.entries())
    if (!(await isInPlace(system, request, output, outputs[index] as OutputFile))) return false;
  if (!(await isSame(system, request, source))) return false;
  for (const output of outputs) if (!(await isWhole(system, output))) return false;
  return true;
}

/** What a receipt says of what was read, so that it can be told later whether it is the same. */
export async function digestsOf(
  source: Buffer,
  overlays: readonly string[],
  readOverlay: (file: string) => Promise<Buffer>,
): Promise<Pick<SourceFile, "sha256" | "overlays">> {
  const digested: OverlayFile[] = [];
  for (const file of overlays) digested.push({ file, sha256: digestOf(await readOverlay(file)) });
  return { sha256: digestOf(source), ...(digested.length > 0 && { overlays: digested }) };
}

async function isInPlace(
  system: System,
  { roots, spool }: Place,
  wanted: Output,
  { path, tiles, bytes }: OutputFile,
): Promise<boolean> {
  const destination = await resolveDestination(system, wanted, roots, { create: false, spool });
  if (destination.path !== path || destination.folder !== (tiles?.folder ?? null)) return false;
  const stat = await ignoring(["ENOENT"], system.fs.lstat(path));
  return stat !== undefined && (destination.folder !== null || (stat.isFile() && stat.size === bytes));
}

async function isSame(system: System, request: Place, earlier: SourceFile): Promise<boolean> {
  const [source = "", ...overlays] = readsOf(request.task);
  const path = await resolveSource(system, source, request.roots);
  if (path !== earlier.path) return false;
  const read = async (file: string): Promise<Buffer> =>
    (await readSource(system, await resolveSource(system, file, request.roots), request)).bytes;
  const now = await digestsOf(await read(source), overlays, read);
  const then = earlier.overlays ?? [];
  return (
    now.sha256 === earlier.sha256 &&
    then.length === overlays.length &&
    (now.overlays ?? []).every(({ file, sha256 }, index) => file === then[index]?.file && sha256 === then[index].sha256)
  );
}

/** A pyramid counts with all files in its folder: one that is missing, cut or added makes another of it. */
async function isWhole(system: System, { path, bytes, sha256, tiles }: OutputFile): Promise<boolean> {
  const placed = { path, folder: tiles?.folder ?? null };
  // What is not there as it should be, or cannot be read, is made once more.
  const found = await settlePlaced(system, placed).catch(() => undefined);
  return found?.bytes === bytes && found.sha256 === sha256;
}

function digestOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
