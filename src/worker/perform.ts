import { createHash } from "node:crypto";
import { SpooldError, serializeError } from "../errors.ts";
import { type Header, readHeader } from "../image/header.ts";
import { lookAt } from "../image/impression.ts";
import { createOverlayReader } from "../image/overlays.ts";
import { resolveOutput, resolveSource } from "../image/paths.ts";
import { type PlannedOutput, planOutputs } from "../image/plan.ts";
import { removeTemporaries, temporaryPath, writeTemporary } from "../image/publish.ts";
import { type RenderedOutput, render } from "../image/render.ts";
import { readSource, type SourceBytes } from "../image/source.ts";
import { ignoring, type System } from "../system.ts";
import type { SourceFile } from "../task/outcome.ts";
import { readsOf } from "../task/task.ts";
import type { PreparedOutput, RunRequest, RunResult } from "./protocol.ts";

/**
 * Makes all pictures of a task and writes them under their temporary names, durably. Publishes nothing: that is the
 * daemon's part, so that a worker killed at any moment leaves no final path changed.
 * @returns never throws: whatever goes wrong is a failed result, and then no temporary is left
 */
export async function perform(system: System, request: RunRequest): Promise<RunResult> {
  try {
    const { bytes, header, plan } = await prepare(system, request);
    const looker = lookAt(bytes, request.limits.maxInputPixels);
    const rendered = await render(bytes, plan, {
      ...request.limits,
      readOverlay: createOverlayReader(system, request),
      look: looker.look,
    });
    const { isPlain: _forThePlanOnly, ...facts } = header;
    const impression = await looker.impression();
    const source: SourceFile = { path: bytes.path, bytes: bytes.bytes.length, ...facts, ...impression };
    return { kind: "prepared", source, outputs: await writeAll(system, request, rendered) };
  } catch (error) {
    return { kind: "failed", error: serializeError(error) };
  }
}

/** All that is known of a task before a pixel is decoded. */
export interface Preparation {
  readonly bytes: SourceBytes;
  readonly header: Header;
  readonly plan: readonly PlannedOutput[];
}

/**
 * Confines the paths of a task, reads its source and plans its outputs. Changes nothing.
 * @throws what keeps the task from being done, as far as it can be known without decoding
 */
export async function prepare(system: System, request: Omit<RunRequest, Told>): Promise<Preparation> {
  const paths = await resolveOutputs(system, request);
  const bytes = await readTaskSource(system, request);
  await requireSpared(system, paths, { ...bytes, overlays: await resolveOverlays(system, request) });
  const header = await readHeader(bytes, request.limits);
  return { bytes, header, plan: planOutputs(request.task.outputs, header) };
}

/** What only a task in a spool has. */
type Told = "kind" | "number" | "attempt" | "tag";

/** Where the outputs will lie, as far as directories exist; nothing is created. */
async function resolveOutputs(
  system: System,
  { task, roots, spool }: Omit<RunRequest, Told>,
): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const { file } of task.outputs) {
    const path = await resolveOutput(system, file, roots, { create: false, spool });
    if (paths.includes(path))
      throw new SpooldError("OUTPUT_UNWRITABLE", { file, because: "another output of this task has the same path" });
    paths.push(path);
  }
  return paths;
}

async function readTaskSource(system: System, { task, roots, limits }: Omit<RunRequest, Told>): Promise<SourceBytes> {
  const path = await resolveSource(system, task.source, roots);
  return readSource(system, path, { roots, limits });
}

/** The real paths of what the steps read; one that is missing is told before any pixel is decoded. */
function resolveOverlays(system: System, { task, roots }: Omit<RunRequest, Told>): Promise<readonly string[]> {
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
  rendered: readonly RenderedOutput[],
): Promise<readonly PreparedOutput[]> {
  const prepared: PreparedOutput[] = [];
  const paths: string[] = [];
  try {
    for (const { bytes, ...output } of rendered) {
      // Only now are missing directories made: a picture that cannot be decoded leaves none behind.
      const path = await resolveOutput(system, output.file, roots, { create: true, spool });
      const temporary = temporaryPath(path, tag, paths.length);
      paths.push(path);
      await writeTemporary(system, temporary, bytes);
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      prepared.push({ ...output, path, temporary, bytes: bytes.length, sha256 });
    }
    return prepared;
  } catch (error) {
    // The error that stopped the work is the one to report; the next start looks for leftovers as well.
    await removeTemporaries(system, paths, tag).catch(() => undefined);
    throw error;
  }
}
