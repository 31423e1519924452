/** Syncs in a directory of its own, by the handler alone: what it orders is made by the test. */
import { mkdir, readdir, readFile, rename, unlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Layout } from "../../src/spool/layout.ts";
import { forgetWord, marksOf } from "../../src/spool/marks.ts";
import { openSpool } from "../../src/spool/spool.ts";
import { realSystem, type System } from "../../src/system.ts";
import type { PictureTask } from "../../src/task/task.ts";
import { sync } from "../../src/worker/handlers/sync/sync.ts";
import { newSpool } from "./directories.ts";

/** What a sync tells. */
export interface SyncResult {
  readonly scanned: number;
  readonly fresh: number;
  readonly queued: number;
  readonly unsettled: number;
  readonly enqueued: readonly { source: string; number: number | null }[];
  readonly removed: readonly { file: string }[];
  readonly left: readonly { file: string; because: string }[];
  readonly failed: readonly { source: string; number: number }[];
  readonly totals: Readonly<Record<"enqueued" | "removed" | "left" | "failed", number>>;
  readonly dryRun: boolean;
  readonly batch: string;
}

export interface Gallery {
  readonly layout: Layout;
  /** Where relative paths start. */
  readonly root: string;
  at(path: string): string;
  /** Writes a file, with directories above it, as it was at a time: s since epoch, default long ago. */
  put(path: string, content?: string, atS?: number): Promise<void>;
  /** Runs a sync of `photos`. */
  sync(data?: Readonly<Record<string, unknown>>, options?: Running): Promise<SyncResult>;
  /** Does what waits in `tasks/`, as a daemon would: makes outputs, receipts, and takes tasks away. @returns their numbers */
  work(): Promise<number[]>;
  /** The sources of the tasks that wait. */
  waiting(): Promise<string[]>;
  /** All files below a directory, sorted. */
  files(below: string): Promise<string[]>;
}

interface Running {
  readonly system?: System;
  readonly signal?: AbortSignal;
  readonly priority?: number;
}

const LONG_AGO_S = 1_000_000_000;
/** Two pictures of each source. */
const RECIPE = {
  vars: { to: "gallery" },
  outputs: [
    { file: "{to}/{name}-big.jpg", width: 80 },
    { file: "{to}/{name}-small.webp", width: 8 },
  ],
};

export async function newGallery(recipe: object = RECIPE): Promise<Gallery> {
  const layout = await newSpool();
  const root = dirname(layout.root);
  const at = (path: string): string => join(root, path);
  const spool = await openSpool(layout.root);
  let number = 1_000;

  const gallery: Gallery = {
    layout,
    root,
    at,
    async put(path, content = path, atS = LONG_AGO_S) {
      await mkdir(dirname(at(path)), { recursive: true });
      await writeFile(at(path), content);
      await utimes(at(path), atS, atS);
    },
    async sync(data = {}, { system = realSystem(), signal = new AbortController().signal, priority } = {}) {
      const given = { handler: "sync", data: { from: "photos", recipe: "mine", settleMs: 0, ...data } };
      const asked = { ...given, number: ++number, attempt: 1, ...(priority !== undefined && { priority }) };
      const { enqueue } = system === undefined ? spool : await openSpool(layout.root, system);
      const context = { system, enqueue, signal, spool: layout.root, roots: [root] };
      const result = await sync(asked, { ...context, progress: () => undefined, log: () => undefined });
      return result as unknown as SyncResult;
    },
    async work() {
      const files = (await readdir(layout.tasks)).sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
      for (const file of files) await perform(layout, gallery, file);
      return files.map((file) => Number.parseInt(file, 10));
    },
    async waiting() {
      const tasks = (await readdir(layout.tasks)).map((file) => readFile(join(layout.tasks, file), "utf8"));
      return (await Promise.all(tasks)).map((text) => JSON.parse(text).source).sort();
    },
    async files(below) {
      const entries = await readdir(at(below), { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1))
        .sort();
    },
  };
  await mkdir(layout.recipes);
  await writeFile(join(layout.recipes, "mine.json"), JSON.stringify(recipe));
  await mkdir(at("photos"));
  return gallery;
}

async function perform(layout: Layout, gallery: Gallery, file: string): Promise<void> {
  const number = Number.parseInt(file, 10);
  const task = JSON.parse(await readFile(join(layout.tasks, file), "utf8")) as PictureTask;
  const source = await readFile(gallery.at(task.source), "utf8").catch(() => undefined);
  await rename(join(layout.tasks, file), join(layout.failed, file));
  if (source === undefined) return forgetWord(realSystem(), layout, marksOf(task), number);
  const outputs = [];
  for (const output of task.outputs) {
    const content = `made of ${source}`;
    await gallery.put(output.file, content, Date.now() / 1_000);
    const tiles = output.tile === undefined ? {} : { tiles: { layout: "dz", files: 2, folder: null } };
    if (output.tile !== undefined) await gallery.put(output.file.replace(/\.dzi$/, "_files/0/0_0.jpeg"), content);
    outputs.push({ file: output.file, bytes: content.length, ...tiles });
  }
  await writeFile(
    join(layout.done, `${number}.json`),
    JSON.stringify({ number, key: task.key, status: "done", outputs }),
  );
  await unlink(join(layout.failed, file));
  await forgetWord(realSystem(), layout, marksOf(task), number);
}
