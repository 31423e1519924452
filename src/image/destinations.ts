/**
 * Where an output appears: the path that its `file` means, and for a pyramid the folder of its tiles. Worked out from
 * the task alone, by the worker that writes and again by the daemon that renames. Loaded by the daemon: no sharp here.
 */
import { join } from "node:path";
import type { System } from "../system.ts";
import type { Output } from "../task/task.ts";
import { resolveOutput } from "./paths.ts";
import type { Publication } from "./replace.ts";
import { temporaryPath } from "./temporaries.ts";
import { requireTileFolder } from "./tile-folder.ts";
import { folderOfDzi, shapeOf } from "./vocabulary/tile.ts";

/** Where an output appears. All paths are absolute, links resolved. */
export interface Destination {
  readonly path: string;
  /** The folder of tiles: `path` itself, or beside it; null where `path` is all there is. */
  readonly folder: string | null;
}

/**
 * What sharp is told to name a pyramid in its temporary directory: a folder of this name, or with `_files` behind it
 * and a `.dzi` beside it.
 */
export const TILES_NAME = "tiles";

/** Where an output will appear. Arguments and errors as those of `resolveOutput`. */
export async function resolveDestination(
  system: System,
  output: Pick<Output, "file" | "tile">,
  roots: readonly string[],
  options: { readonly create: boolean; readonly spool?: string },
): Promise<Destination> {
  const { path, folder } = destinationNamed(output, (file) => file);
  // The folder first: of Google's layout and others it is the output itself.
  const real = folder === null ? null : await resolveOutput(system, folder, roots, { ...options, isFolder: true });
  return {
    path: real !== null && folder === path ? real : await resolveOutput(system, path, roots, options),
    folder: real,
  };
}

/** An output's destination as the task names it. @param named makes a path of a name */
export function destinationNamed(
  { file, tile }: Pick<Output, "file" | "tile">,
  named: (file: string) => string,
): Destination {
  const shape = tile === undefined ? "file" : shapeOf(tile);
  const path = named(file);
  if (shape === "file") return { path, folder: null };
  return { path, folder: shape === "folder" ? path : named(folderOfDzi(file)) };
}

/**
 * Turns away an output whose folder has the name of somebody's own.
 * @throws OUTPUT_UNWRITABLE when what lies there is anything but tiles, which are replaced
 */
export async function requireReplaceable(system: System, { folder }: Destination): Promise<void> {
  if (folder !== null) await requireTileFolder(system, folder);
}

/**
 * The renames that make the outputs of a task appear, in their order: of Deep Zoom the folder first, since whoever finds
 * the `.dzi` looks for tiles.
 * @param destinations of all outputs, in the task's order
 * @param tag as for `temporaryPath`
 */
export function publicationsOf(destinations: readonly Destination[], tag: string): readonly Publication[] {
  return destinations.flatMap(({ path, folder }, index) => {
    const temporary = temporaryPath(path, tag, index);
    if (folder === null) return [{ temporary, path }];
    const within = { holder: temporary, isFolder: true } as const;
    if (folder === path) return [{ ...within, temporary: join(temporary, TILES_NAME), path }];
    return [
      { ...within, temporary: join(temporary, `${TILES_NAME}_files`), path: folder },
      { holder: temporary, temporary: join(temporary, `${TILES_NAME}.dzi`), path },
    ];
  });
}
