import { createHash } from "node:crypto";
import { SpooldError, serializeError } from "../errors.ts";
import { openDecoders } from "../image/decoders.ts";
import { readHeader } from "../image/header.ts";
import { lookAt } from "../image/impression.ts";
import { createOverlayReader } from "../image/overlays.ts";
import { resolveOutput, resolveSource } from "../image/paths.ts";
import { planOutputs } from "../image/plan.ts";
import { removeTemporaries, temporaryPath, writeTemporaries } from "../image/publish.ts";
import { type RenderedOutput, render } from "../image/render.ts";
import { readSource, type SourceBytes } from "../image/source.ts";
import { ignoring, type System } from "../system.ts";
import type { SourceFile } from "../task/outcome.ts";
import { readsOf } from "../task/task.ts";
import type { PreparedOutput, RunRequest, RunResult } from "./protocol.ts";

/**
 * Makes all pictures of a task and writes them under their temporary names, durably. Publishes nothing: that is the
 * daemon's part, so that a worker killed at any moment leaves no final path changed.
 * @param rendered is called when all pixels are made: what is left is writing, and another task may begin
 * @returns never throws: whatever goes wrong is a failed result, and then no temporary is left
 */
export async function perform(system: System, request: RunRequest, rendered: () => void): Promise<RunResult> {
  try {
    openDecoders(request.limits.inputFormats);
    const paths = await resolveOutputs(system, request);
    const bytes = await readTaskSource(system, request);
    await requireSpared(system, paths, { ...bytes, overlays: await resolveOverlays(system, request) });
    const header = await readHeader(bytes, request.limits);
    const looker = lookAt(bytes, request.limits.maxInputPixels);
    const pictures = await render(bytes, planOutputs(request.task.outputs, header, request.limits), {
      ...request.limits,
      readOverlay: createOverlayReader(system, request),
      look: looker.look,
    });
    const impression = await looker.impression();
    rendered();
    const { isPlain: _forThePlanOnly, ...facts } = header;
    const source: SourceFile = { path: bytes.path, bytes: bytes.bytes.length, ...facts, ...impression };
    return { kind: "prepared", source, outputs: await writeAll(system, request, pictures) };
  } catch (error) {
    return { kind: "failed", error: serializeError(error) };
  }
}

/** Where the outputs will lie, as far as directories exist; nothing is created. */
async function resolveOutputs(system: System, { task, roots, spool }: RunRequest): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const { file } of task.outputs) {
    const path = await resolveOutput(system, file, roots, { create: false, spool });
    if (paths.includes(path))
      throw new SpooldError("OUTPUT_UNWRITABLE", { file, because: "another output of this task has the same path" });
    paths.push(path);
  }
  return paths;
}

async function readTaskSource(system: System, { task, roots, limits }: RunRequest): Promise<SourceBytes> {
  const path = await resolveSource(system, task.source, roots);
  return readSource(system, path, { roots, limits });
}

/** The real paths of what the steps read; one that is missing is told before any pixel is decoded. */
function resolveOverlays(system: System, { task, roots }: RunRequest): Promise<readonly string[]> {
  const [, ...overlays] = readsOf(task);
  return Promise.all(overlays.map((path) => resolveSource(system, path, roots)));
}

/**
 * No output may take the place of what is read, under whatever name: a second run would start from the wrong picture.
 */
async function requireSpared(
  { fs }: System,
  paths: readonly string[],
  { identity, overlays }: SourceBytes & { readonly overlays: readonly string[] },
): Promise<void> {
  for (const file of paths) {
    const present = await ignoring(ABSENT, fs.realpath(file));
    if (present === undefined) continue;
    if (overlays.includes(present)) throw new SpooldError("OUTPUT_UNWRITABLE", { file, because: "a step reads it" });
    const { dev, ino } = await fs.lstat(present, { bigint: true });
    if (dev === identity.dev && ino === identity.ino)
      throw new SpooldError("OUTPUT_UNWRITABLE", { file, because: "it would overwrite the source" });
  }
}

/** Errors that mean: no file can be reached by this name, so it is not the source either. */
const ABSENT = ["ENOENT", "ENOTDIR", "ELOOP", "EACCES"];

async function writeAll(
  system: System,
  { roots, spool, tag }: RunRequest,
  pictures: readonly RenderedOutput[],
): Promise<readonly PreparedOutput[]> {
  const paths: string[] = [];
  try {
    // Only now are missing directories made: a picture that cannot be decoded leaves none behind.
    for (const { file } of pictures) paths.push(await resolveOutput(system, file, roots, { create: true, spool }));
    const prepared = pictures.map(({ bytes, ...output }, index): PreparedOutput => {
      const path = paths[index] as string;
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      return { ...output, path, temporary: temporaryPath(path, tag, index), bytes: bytes.length, sha256 };
    });
    const contents = pictures.map(({ bytes }, index) => ({
      temporary: temporaryPath(paths[index] as string, tag, index),
      content: bytes,
    }));
    await writeTemporaries(system, contents);
    return prepared;
  } catch (error) {
    // The error that stopped the work is the one to report; the next start looks for leftovers as well.
    await removeTemporaries(system, paths, tag).catch(() => undefined);
    throw error;
  }
}
