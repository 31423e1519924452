/** Folders of tiles: their digest is that of what `sha256sum` prints for all their files, ordered by name. */
import { lstat, readdir } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { bytesOf, sha256 } from "./json.ts";

export async function isFolder(path: string): Promise<boolean> {
  return lstat(path).then(
    (stat) => stat.isDirectory(),
    () => false,
  );
}

/**
 * The digest of a pyramid, names as seen from the directory in which it lies.
 * @param index the file beside the folder, or the folder itself where there is none
 */
export async function digestFolder(folder: string, index: string): Promise<string> {
  const within = dirname(index);
  const files = [...(await filesIn(folder)), ...(index === folder ? [] : [index])];
  const names = files.map((file) => relative(within, file));
  names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const lines = await Promise.all(
    names.map(async (name) => `${sha256((await bytesOf(join(within, name))) ?? "")}  ${name}\n`),
  );
  return sha256(lines.join(""));
}

/** Its tiles: what else lies there tells of them. */
export async function picturesIn(folder: string): Promise<readonly string[]> {
  return (await filesIn(folder)).filter((file) => /\.(jpe?g|png|webp)$/.test(basename(file)));
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
