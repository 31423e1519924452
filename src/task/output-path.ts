import { posix } from "node:path";
import { joined, type Piece } from "./placeholders.ts";

/**
 * The path that a filled-in `file` names, if the text alone shows it to lie below the first root. Links are another
 * matter: they are followed and judged when the task runs.
 * @returns the path, normalised, or undefined when it is absolute, climbs out, or has a `..` that came from a value:
 *   who gives a value must not choose a directory that the writer of the template did not name
 */
export function pathBelowRoot(pieces: readonly Piece[]): string | undefined {
  const path = joined(pieces);
  // Each character of a value that could be a dot is masked, so that both texts have the same segments.
  const written = joined(pieces.map((piece) => (piece.isWord ? masked(piece) : piece))).split("/");
  const climbs = path.split("/").some((segment, index) => segment === ".." && written[index] !== "..");
  const normal = posix.normalize(path);
  if (climbs || posix.isAbsolute(path) || normal === ".." || normal.startsWith("../")) return undefined;
  return path === "" ? "" : normal;
}

function masked({ value, isWord }: Piece): Piece {
  return { value: String(value).replace(/[^/]/g, "x"), isWord };
}
