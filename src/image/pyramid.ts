/** Pyramids on their way to disk: diced under their early names, then made durable and measured. No sharp here. */
import { basename, join } from "node:path";
import { type System, unlinkIfThere, writeDurably } from "../system.ts";
import type { OutputFile } from "../task/outcome.ts";
import type { Output } from "../task/task.ts";
import type { ConfinedSystem } from "./confined.ts";
import { type Destination, TILES_NAME } from "./destinations.ts";
import type { Size } from "./geometry.ts";
import { unwritable } from "./paths.ts";
import { removeAll } from "./replace.ts";
import { earlyPath } from "./temporaries.ts";
import { settleFile, settleFolder } from "./tile-files.ts";

/** A pyramid whose pixels are yet to be made: they are too many to be held in memory. */
export interface Pyramid {
  readonly output: Output;
  readonly format: OutputFile["format"];
  /**
   * Writes it.
   * @param target as `Dicing.target`
   * @throws as `render`
   */
  readonly dice: (target: string, basename: string) => Promise<Size>;
}

/** Where a pyramid lies and will lie. */
export interface Place {
  readonly destination: Destination;
  readonly temporary: string;
}

/**
 * Writes a pyramid under its early name; a leftover of that name is removed first.
 * @returns the size of its largest level
 * @throws as `Pyramid.dice`; OUTPUT_UNWRITABLE, DISK_FULL, DISK_READ_ONLY, IO_ERROR; the caller cleans up
 */
export async function dicePyramid(
  system: ConfinedSystem,
  pyramid: Pyramid,
  { destination, temporary }: Place,
): Promise<Size> {
  const { path, folder } = destination;
  const early = earlyPath(temporary);
  try {
    await removeAll(system, early);
    if (folder === null) return await diceFile(system, pyramid, { early, name: basename(path) });
    await system.fs.mkdir(early);
    const size = await pyramid.dice(join(await system.pinned(early), TILES_NAME), TILES_NAME);
    // libvips notes its version and the time there: the same tiles would never be the same bytes.
    await unlinkIfThere(system, join(early, NOTES));
    if (folder !== path) await unlinkIfThere(system, join(early, `${TILES_NAME}_files`, NOTES));
    if (pyramid.output.tile?.layout?.startsWith("iiif")) await sayId(system, join(early, TILES_NAME), basename(path));
    return size;
  } catch (error) {
    throw unwritable(error, { path });
  }
}

/** The file is made here: libvips would follow a link of its name. */
async function diceFile(
  { fs }: System,
  pyramid: Pyramid,
  { early, name }: { readonly early: string; readonly name: string },
): Promise<Size> {
  const handle = await fs.open(early, "wx", 0o666);
  try {
    const target = process.platform === "linux" ? `/proc/self/fd/${handle.fd}` : early;
    return await pyramid.dice(target, name.replace(/\.[^.]*$/, ""));
  } finally {
    await handle.close();
  }
}

/** Makes a diced pyramid durable and tells what a receipt says of it. @throws as `dicePyramid` */
export async function settlePyramid(
  system: System,
  { output, format }: Pyramid,
  { destination, temporary }: Place,
): Promise<Pick<OutputFile, "format" | "bytes" | "sha256" | "tiles">> {
  const { path, folder } = destination;
  const early = earlyPath(temporary);
  try {
    const { files, ...figures } =
      folder === null
        ? await settleFile(system, early)
        : await settleFolder(system, early, (name) => finalName(name, basename(path), basename(folder)));
    return { format, ...figures, tiles: { layout: output.tile?.layout ?? "dz", files, folder } };
  } catch (error) {
    throw unwritable(error, { path });
  }
}

const NOTES = "vips-properties.xml";

/** The name that a file will have, seen from the directory of its output. */
function finalName(name: string, file: string, folder: string): string {
  const [first = "", ...rest] = name.split("/");
  return first === `${TILES_NAME}.dzi` ? file : [folder, ...rest].join("/");
}

/** The `info.json` of IIIF says where it is served: below `id`, in a folder of the output's own name. */
async function sayId(system: System, folder: string, name: string): Promise<void> {
  const path = join(folder, "info.json");
  const info = JSON.parse(await system.fs.readFile(path, "utf8")) as Record<string, unknown>;
  const word = Object.hasOwn(info, "id") ? "id" : "@id";
  const id = String(info[word]).replace(/[^/]*$/, () => encodeURIComponent(name));
  await system.fs.unlink(path);
  await writeDurably(system, path, Buffer.from(`${JSON.stringify({ ...info, [word]: id }, null, 2)}\n`), {
    mode: 0o666,
  });
}
