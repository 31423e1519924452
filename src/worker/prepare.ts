import { createHash } from "node:crypto";
import { type ConfinedSystem, confined } from "../image/confined.ts";
import { resolveDestination } from "../image/destinations.ts";
import { removeTemporaries } from "../image/publish.ts";
import { dicePyramid, type Place, type Pyramid, settlePyramid } from "../image/pyramid.ts";
import type { RenderedOutput } from "../image/render.ts";
import { temporaryPath, writeTemporaries } from "../image/temporaries.ts";
import type { System } from "../system.ts";
import type { PictureRequest, PreparedOutput, Teller } from "./protocol.ts";

type Picture = RenderedOutput | Pyramid;

/**
 * Dices the pyramids of a task, and writes all its outputs under their temporary names, durably.
 * @param pictures of all outputs, in the task's order
 * @param tell `made` for each pyramid, `rendered` when all pixels are made
 * @throws as `dicePyramid` and `writeTemporaries`; then no temporary is left
 */
export function prepareOutputs(
  system: System,
  request: PictureRequest,
  pictures: readonly Picture[],
  tell: Telling,
): Promise<readonly PreparedOutput[]> {
  return confined(system, (inside) => prepareInside(inside, request, pictures, tell));
}

type Telling = Pick<Teller, "rendered"> & { readonly made: () => void };

async function prepareInside(
  system: ConfinedSystem,
  { task, roots, spool, tag }: PictureRequest,
  pictures: readonly Picture[],
  tell: Telling,
): Promise<readonly PreparedOutput[]> {
  const places: Place[] = [];
  try {
    // Only now are missing directories made: a picture that cannot be decoded leaves none behind, but for a pyramid's.
    for (const [index, output] of task.outputs.entries()) {
      const destination = await resolveDestination(system, output, roots, { create: true, spool });
      places.push({ destination, temporary: temporaryPath(destination.path, tag, index) });
    }
    const finish: (() => Promise<PreparedOutput>)[] = [];
    for (const [index, picture] of pictures.entries()) {
      finish.push(await madeOf(system, picture, places[index] as Place));
      if (!("bytes" in picture)) tell.made();
    }
    tell.rendered();
    const prepared = await Promise.all(finish.map((work) => work()));
    const contents = pictures.map((picture, index) => ({
      temporary: places[index]?.temporary as string,
      content: "bytes" in picture ? picture.bytes : null,
    }));
    await writeTemporaries(system, contents);
    return prepared;
  } catch (error) {
    // The error that stopped the work is the one to report; the next start looks for leftovers as well.
    const destinations = places.map(({ destination }) => destination);
    await removeTemporaries(system, destinations, tag).catch(() => undefined);
    throw error;
  }
}

/** Makes the pixels that are not there yet. @returns what is left to do: it touches files alone, and tells of the output */
async function madeOf(system: ConfinedSystem, picture: Picture, place: Place): Promise<() => Promise<PreparedOutput>> {
  const { path } = place.destination;
  const { temporary } = place;
  if ("bytes" in picture) {
    const { bytes, ...output } = picture;
    return async () => {
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      return { ...output, path, temporary, bytes: bytes.length, sha256 };
    };
  }
  const { width, height } = await dicePyramid(system, picture, place);
  const { file } = picture.output;
  return async () => ({ file, path, temporary, width, height, ...(await settlePyramid(system, picture, place)) });
}
