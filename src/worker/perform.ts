import { SpooldError, serializeError } from "../errors.ts";
import { confined } from "../image/confined.ts";
import { openDecoders } from "../image/decoders.ts";
import { type Destination, requireReplaceable, resolveDestination } from "../image/destinations.ts";
import { type Header, readHeader } from "../image/header.ts";
import { lookAt } from "../image/impression.ts";
import { createOverlayReader } from "../image/overlays.ts";
import { isInside, resolveSource } from "../image/paths.ts";
import { type PlannedOutput, planOutputs } from "../image/plan.ts";
import { renderWithPyramids } from "../image/render.ts";
import { readSource, type SourceBytes } from "../image/source.ts";
import { ignoring, type System } from "../system.ts";
import type { SourceFile } from "../task/outcome.ts";
import { readsOf } from "../task/task.ts";
import { countOutputs } from "./counting.ts";
import { digestsOf, isFresh } from "./freshness.ts";
import { prepareOutputs } from "./prepare.ts";
import type { PictureRequest, RunResult, Teller } from "./protocol.ts";

/**
 * Makes all pictures of a task and writes them under their temporary names, durably. Publishes nothing: that is the
 * daemon's part, so that a worker killed at any moment leaves no final path changed.
 * @param tell `rendered` when all pixels are made: what is left is writing, and another task may begin
 * @returns never throws: whatever goes wrong is a failed result, and then no temporary is left
 */
export async function perform(system: System, request: PictureRequest, tell: PictureTeller): Promise<RunResult> {
  try {
    return await makePictures(system, request, tell);
  } catch (error) {
    return { kind: "failed", error: serializeError(error) };
  }
}

/** What is told of pictures while they are made. */
type PictureTeller = Pick<Teller, "rendered" | "progress">;

async function makePictures(system: System, request: PictureRequest, tell: PictureTeller): Promise<RunResult> {
  const { task, earlierWork } = request;
  if (earlierWork !== undefined && (await isFresh(system, request, earlierWork))) return { kind: "fresh" };
  const { bytes, header, plan } = await prepare(system, request);
  const made = countOutputs(system, plan.length, tell.progress);
  const looker = lookAt(bytes, request.limits.maxInputPixels);
  const readOverlay = createOverlayReader(system, request);
  const pictures = await renderWithPyramids(bytes, plan, {
    ...request.limits,
    readOverlay,
    look: looker.look,
    made,
  });
  const impression = await looker.impression();
  const outputs = await prepareOutputs(system, request, pictures, { ...tell, made });
  const { isPlain: _forThePlanOnly, ...facts } = header;
  const digests = task.skipIfFresh ? await digestsOf(bytes.bytes, readsOf(task).slice(1), readOverlay) : {};
  const source: SourceFile = { path: bytes.path, bytes: bytes.bytes.length, ...facts, ...impression, ...digests };
  return { kind: "prepared", source, outputs };
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
export async function prepare(system: System, request: Omit<PictureRequest, Told>): Promise<Preparation> {
  openDecoders(request.limits.inputFormats);
  const destinations = await confined(system, (inside) => resolveOutputs(inside, request));
  const bytes = await readTaskSource(system, request);
  await requireSpared(system, destinations, { ...bytes, overlays: await resolveOverlays(system, request) });
  const header = await readHeader(bytes, request.limits);
  return { bytes, header, plan: planOutputs(request.task.outputs, header, request.limits) };
}

/** What only a task in a spool has. */
type Told = "kind" | "number" | "attempt" | "tag" | "handlers" | "timeoutMs";

/** Where the outputs will lie, as far as directories exist; nothing is created. */
async function resolveOutputs(
  system: System,
  { task, roots, spool }: Omit<PictureRequest, Told>,
): Promise<readonly Destination[]> {
  const destinations: Destination[] = [];
  for (const output of task.outputs) {
    const { file } = output;
    const destination = await resolveDestination(system, output, roots, { create: false, spool });
    if (destinations.some((other) => overlap(destination, other)))
      throw new SpooldError("OUTPUT_UNWRITABLE", { file, because: "another output of this task has the same path" });
    await requireReplaceable(system, destination);
    destinations.push(destination);
  }
  return destinations;
}

/** Whether one output would write what another writes: a folder of tiles is written with all that is in it. */
function overlap(a: Destination, b: Destination): boolean {
  const isIn = ({ path, folder }: Destination, other: Destination): boolean =>
    other.folder !== null && [path, folder ?? path].some((name) => isInside(name, [other.folder ?? ""]));
  return a.path === b.path || isIn(a, b) || isIn(b, a);
}

async function readTaskSource(
  system: System,
  { task, roots, limits }: Omit<PictureRequest, Told>,
): Promise<SourceBytes> {
  const path = await resolveSource(system, task.source, roots);
  return readSource(system, path, { roots, limits });
}

/** The real paths of what the steps read; one that is missing is told before any pixel is decoded. */
function resolveOverlays(system: System, { task, roots }: Omit<PictureRequest, Told>): Promise<readonly string[]> {
  const [, ...overlays] = readsOf(task);
  return Promise.all(overlays.map((path) => resolveSource(system, path, roots)));
}

/**
 * No output may take the place of what is read, under whatever name: a second run would start from the wrong picture.
 */
async function requireSpared(
  { fs }: System,
  destinations: readonly Destination[],
  { path: source, identity, overlays }: SourceBytes & { readonly overlays: readonly string[] },
): Promise<void> {
  for (const { path: file, folder } of destinations) {
    if (folder !== null && [source, ...overlays].some((read) => isInside(read, [folder])))
      throw new SpooldError("OUTPUT_UNWRITABLE", { file, because: "its folder holds what the task reads" });
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
