/** What the schema cannot see of pyramids: options that do not go together, and files inside the folders of others. */
import { posix } from "node:path";
import { folderOfDzi, NOT_FOR_TILES, shapeOf, TILE_FORMATS, type Tile } from "../image/vocabulary/tile.ts";
import type { Fault } from "./faults.ts";
import { FORMAT_ENDINGS, formatOf, type Output, type PictureTask, readsOf } from "./task.ts";

/** What is wrong with an output's `tile`, or with the rest of the output because of it. @param index of the output */
export function tileFaults(output: Output, index: number): readonly Fault[] {
  const { tile, file } = output;
  if (tile === undefined) return [];
  const wrong = [
    ...optionFaults(tile),
    ...encoderFaults(output),
    ...(isNamed(file, tile) ? [] : [["/file", expectedName(tile), file] as const]),
  ];
  return wrong.map(([place, expected, received]) => ({
    pointer: `/outputs/${index}${place}`,
    expected,
    received: JSON.stringify(received),
  }));
}

/**
 * Files that lie in a pyramid's folder, which is replaced as a whole: what a task reads, and what its other outputs write.
 */
export function folderFaults(task: PictureTask): readonly Fault[] {
  const folders = task.outputs.flatMap((output, index) => {
    const folder = folderOf(output);
    return folder === undefined ? [] : [{ folder: posix.normalize(folder), index }];
  });
  const isIn = (file: string, folder: string): boolean => `${posix.normalize(file)}/`.startsWith(`${folder}/`);
  return folders.flatMap(({ folder, index }) => {
    const readFaults = readsOf(task)
      .filter((file) => isIn(file, folder))
      .map((file) => ({ pointer: `/outputs/${index}/file`, expected: NOTHING_READ, received: JSON.stringify(file) }));
    const writeFaults = task.outputs.flatMap((other, at) => {
      const names = [other.file, folderOf(other)].filter((name) => name !== undefined);
      return at === index || !names.some((name) => isIn(name, folder))
        ? []
        : [{ pointer: `/outputs/${at}/file`, expected: OUTSIDE, received: JSON.stringify(other.file) }];
    });
    return [...readFaults, ...writeFaults];
  });
}

const NOTHING_READ = "a folder of tiles that holds nothing the task reads";
const OUTSIDE = "a file outside the folders of tiles";

type Wrong = readonly [place: string, expected: string, received: unknown];

function optionFaults(tile: Tile): readonly Wrong[] {
  const { size = 256, overlap = 0, layout = "dz", container = "fs" } = tile;
  const isIiif = layout === "iiif" || layout === "iiif3";
  const only = (word: keyof Tile, holds: boolean, where: string): readonly Wrong[] =>
    tile[word] === undefined || holds ? [] : [[`/tile/${word}`, `no ${word}: ${where}`, tile[word]]];
  return [
    ...(overlap > size ? [["/tile/overlap", `at most the size, ${size}`, overlap] as const] : []),
    ...only("overlap", layout === "dz" || overlap === 0, "only layout dz has one"),
    ...only("centre", layout === "google", "only layout google has it"),
    ...only("center", layout === "google" && tile.centre === undefined, "only layout google has it, and once"),
    ...only("id", isIiif, "only layouts iiif and iiif3 have one"),
    ...only("basename", container === "zip", "only container zip has one"),
  ];
}

function encoderFaults(output: Output): readonly Wrong[] {
  const format = TILE_FORMATS.find((each) => each === formatOf(output));
  if (format === undefined) return [["/format", `one of ${TILE_FORMATS.join(", ")} for tiles`, output.format]];
  const expected = `no option that tiles do not have; for ${format} not ${NOT_FOR_TILES[format].join(", ")}`;
  const given = { ...(output.quality !== undefined && { quality: output.quality }) };
  return [...Object.entries(given), ...Object.entries(output.encode ?? {})]
    .filter(([word]) => NOT_FOR_TILES[format].includes(word))
    .map(([word, value]) => [word in given ? "/quality" : `/encode/${word}`, expected, value]);
}

function isNamed(file: string, tile: Tile): boolean {
  const ends = (...endings: readonly string[]): boolean => endings.some((ending) => nameOf(file).endsWith(ending));
  if (shapeOf(tile) === "file")
    return ends(".zip") || (tile.layout !== undefined && tile.layout !== "dz" ? false : ends(".szi"));
  if (shapeOf(tile) === "folder and file") return ends(".dzi") && nameOf(file) !== ".dzi";
  return nameOf(file) !== "" && !ends(".dzi", ".zip", ".szi", ...Object.values(FORMAT_ENDINGS).flat());
}

function expectedName(tile: Tile): string {
  const { layout = "dz" } = tile;
  if (shapeOf(tile) === "file")
    return layout === "dz" ? "a file that ends in .zip or .szi" : "a file that ends in .zip";
  if (shapeOf(tile) === "folder and file") return "a file that ends in .dzi, for layout dz";
  return `the name of a folder, for layout ${layout}: no ending of a picture, and not .dzi, .zip or .szi`;
}

function nameOf(file: string): string {
  return posix.basename(file).toLowerCase();
}

function folderOf({ file, tile }: Output): string | undefined {
  if (tile === undefined || shapeOf(tile) === "file") return undefined;
  return shapeOf(tile) === "folder" ? file : folderOfDzi(file);
}
