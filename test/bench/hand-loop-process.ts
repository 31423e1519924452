/**
 * What an experienced person writes by hand with sharp, in its usual forms. sharp is left as it comes, but for
 * `concurrency`. Receives a `LoopWork`, answers with the milliseconds it took.
 */
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import type { LoopWork, Style } from "./hand-loop.ts";
import type { Size } from "./jobs.ts";

process.once("message", async (work: LoopWork) => {
  sharp.concurrency(work.style.concurrency);
  await runAll({ ...work, pictures: work.pictures.slice(0, 1) });
  const startedAtMs = performance.now();
  await runAll(work);
  process.send?.(performance.now() - startedAtMs, () => process.disconnect());
});

async function runAll(work: LoopWork): Promise<void> {
  const waiting = work.pictures.entries();
  const runner = async (): Promise<void> => {
    for (const [index, path] of waiting) await makeSizes(work, path, index + 1);
  };
  await Promise.all(Array.from({ length: work.style.inFlight }, runner));
}

async function makeSizes({ sizes, style, isSynced, directory }: LoopWork, path: string, number: number): Promise<void> {
  const pipeline = await opener(style, path);
  const make = async ({ name, width, height, fit, quality }: Size): Promise<void> => {
    const file = join(directory, `${number}-${name}.jpg`);
    await pipeline().resize(width, height, { fit }).jpeg({ quality }).toFile(file);
    if (isSynced) await sync(file);
  };
  await Promise.all(sizes.map(make));
}

/** @returns what begins the pipeline of one size */
async function opener({ way }: Style, path: string): Promise<() => Sharp> {
  if (way === "paths") return () => sharp(path);
  if (way === "clones") {
    const picture = sharp(path);
    return () => picture.clone();
  }
  const bytes = await readFile(path);
  return () => sharp(bytes);
}

async function sync(file: string): Promise<void> {
  const handle = await open(file, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
