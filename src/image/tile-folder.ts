/**
 * Which directories may be replaced by new tiles: those in which every single name is one that a layout gives, down to
 * the last tile, beside the file by which viewers know the layout. Looking at names is safer than a mark left inside:
 * a mark says who made a folder, not what somebody has put into it since, and copies made with `cp *` lack it.
 */
import type { Dirent } from "node:fs";
import { join } from "node:path";
import { SpooldError } from "../errors.ts";
import { ignoring, type System } from "../system.ts";

/**
 * Turns away a directory that holds anything but tiles; an empty one has nothing to lose.
 * @throws OUTPUT_UNWRITABLE naming the first thing that is no tile
 */
export async function requireTileFolder(system: System, folder: string): Promise<void> {
  const present = await ignoring(["ENOENT", "ENOTDIR"], system.fs.lstat(folder));
  if (present === undefined) return;
  if (!present.isDirectory()) throw refusal(folder, "a file has this name");
  const layouts = new Set(LAYOUTS);
  const seen = new Set<string>();
  for await (const { name, isDirectory } of entriesBelow(system, folder)) {
    seen.add(name);
    for (const layout of layouts) if (!(isDirectory ? layout.folders : layout.files).test(name)) layouts.delete(layout);
    if (layouts.size === 0) throw refusal(folder, "a directory has this name that holds more than tiles", name);
  }
  const isWhole = [...layouts].some(({ index }) => index === null || seen.has(index));
  if (seen.size > 0 && !isWhole) throw refusal(folder, "a directory has this name that is not one of tiles");
}

interface NamesOfLayout {
  /** Paths of the files and directories that it has, from the folder on, with `/`. */
  readonly files: RegExp;
  readonly folders: RegExp;
  /** The file that a folder of this layout must have. */
  readonly index: string | null;
}

/** As libvips writes them. No pyramid has a hundred levels, so that years are none. */
const LAYOUTS: readonly NamesOfLayout[] = [
  {
    files: /^(\d{1,2}\/\d+_\d+\.(jpeg|png|webp)|vips-properties\.xml)$/,
    folders: /^\d{1,2}$/,
    index: null,
  },
  {
    files: /^(TileGroup\d+\/\d{1,2}-\d+-\d+\.(jpg|png|webp)|ImageProperties\.xml)$/,
    folders: /^TileGroup\d+$/,
    index: "ImageProperties.xml",
  },
  {
    files: /^(\d{1,2}\/\d+\/\d+\.(jpg|png|webp)|blank\.png)$/,
    folders: /^\d{1,2}(\/\d+)?$/,
    index: "blank.png",
  },
  {
    files: /^((full|\d+,\d+,\d+,\d+)\/\d+,\d*\/0\/default\.(jpg|png|webp)|info\.json)$/,
    folders: /^(full|\d+,\d+,\d+,\d+)(\/\d+,\d*(\/0)?)?$/,
    index: "info.json",
  },
];

interface Entry {
  readonly name: string;
  readonly isDirectory: boolean;
}

/** Everything below a directory, each before what lies in it. Links are names like any other, and none that fits. */
async function* entriesBelow(system: System, folder: string, below = ""): AsyncGenerator<Entry> {
  const entries: Dirent[] = await system.fs.readdir(join(folder, below), { withFileTypes: true });
  for (const entry of entries) {
    const name = `${below}${entry.name}`;
    const isDirectory = entry.isDirectory();
    yield { name: isDirectory || entry.isFile() ? name : `${name} (neither file nor directory)`, isDirectory };
    if (isDirectory) yield* entriesBelow(system, folder, `${name}/`);
  }
}

function refusal(path: string, because: string, holds?: string): SpooldError {
  return new SpooldError("OUTPUT_UNWRITABLE", { path, because, ...(holds !== undefined && { holds }) });
}
