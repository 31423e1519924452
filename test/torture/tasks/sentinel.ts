/** A tree outside the roots that nobody may change, and of which nothing may come to light. */
import { createHash } from "node:crypto";
import { type FSWatcher, watch } from "node:fs";
import { lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import sharp from "sharp";

/** Stands in all files of the tree, and nowhere else. */
export const MARK = "SENTINEL-5f2d9b";

/** The colour of all pictures of the tree, which no picture inside the roots has. */
const COLOUR = { r: 255, g: 0, b: 255 };

export interface Sentinel {
  readonly directory: string;
  /** What has changed since it was made, a line each; also what has come and gone again. */
  changes(): Promise<string[]>;
  close(): void;
}

/** Makes the tree. @param names of pictures in it that attacks ask for */
export async function createSentinel(directory: string, names: readonly string[]): Promise<Sentinel> {
  await mkdir(join(directory, "below", "tiles_files", "0"), { recursive: true });
  const picture = await sharp({ create: { width: 64, height: 48, channels: 3, background: COLOUR } })
    .withExif({ IFD0: { ImageDescription: MARK } })
    .jpeg()
    .toBuffer();
  for (const folder of ["", "below"]) {
    for (const name of names) await writeFile(join(directory, folder, name), picture, { mode: 0o640 });
    await writeFile(join(directory, folder, "secret.txt"), MARK, { mode: 0o600 });
  }
  await writeFile(join(directory, "below", "tiles_files", "0", "0_0.jpeg"), picture);
  await writeFile(join(directory, "recipe.json"), JSON.stringify({ outputs: [{ file: `${MARK}.jpg` }] }));
  await writeFile(
    join(directory, "handler.mjs"),
    `import { writeFileSync } from "node:fs"; writeFileSync(new URL("ran", import.meta.url), ""); export default () => "${MARK}";`,
  );
  await symlink(join(directory, "secret.txt"), join(directory, "link"));
  const before = await snapshot(directory);
  const touched = new Set<string>();
  const watchers: FSWatcher[] = [];
  for (const folder of before.filter(({ isFolder }) => isFolder)) {
    const watcher = watch(join(directory, folder.path), { persistent: false }, (_event, name) => {
      touched.add(`${join(folder.path, name ?? "")} was touched`);
    });
    watchers.push(watcher);
  }
  return {
    directory,
    async changes() {
      const after = new Map((await snapshot(directory)).map((entry) => [entry.path, entry.state]));
      const changed = before.filter(({ path, state }) => after.get(path) !== state);
      const known = new Set(before.map(({ path }) => path));
      return [
        ...changed.map(({ path, state }) => `${path} was ${state}, is ${after.get(path) ?? "gone"}`),
        ...[...after.keys()].filter((path) => !known.has(path)).map((path) => `${path} is new`),
        ...touched,
      ];
    },
    close() {
      for (const watcher of watchers) watcher.close();
    },
  };
}

/** Whether a picture shows what pictures of the tree show. */
export async function showsSentinel(path: string): Promise<boolean> {
  const { channels } = await sharp(path, { animated: false }).toColourspace("srgb").stats();
  const [red, green, blue] = channels.map(({ mean }) => mean);
  return (red ?? 0) > 200 && (green ?? 255) < 60 && (blue ?? 0) > 200;
}

interface Entry {
  readonly path: string;
  readonly isFolder: boolean;
  readonly state: string;
}

/** Of everything in a tree, itself included, the kind, the mode, the time of its last change and its content. */
async function snapshot(directory: string): Promise<Entry[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = [directory, ...entries.map((entry) => join(entry.parentPath, entry.name))];
  return Promise.all(
    paths.map(async (path) => {
      const stat = await lstat(path, { bigint: true });
      const bytes = stat.isFile() ? await readFile(path) : stat.isSymbolicLink() ? await readlink(path) : "";
      const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
      const state = `${stat.mode.toString(8)} of ${stat.uid} ${stat.mtimeNs} ${digest}`;
      return { path: relative(directory, path), isFolder: stat.isDirectory(), state };
    }),
  );
}
