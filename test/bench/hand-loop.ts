import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Size } from "./jobs.ts";

/** How people write it: a pipeline per size from the path, from bytes read once, or from clones of one sharp. */
export const WAYS = ["paths", "bytes", "clones"] as const;

/** A way of writing the loop, with what can be tuned about it. */
export interface Style {
  readonly way: (typeof WAYS)[number];
  /** Pictures under way at once. */
  readonly inFlight: number;
  /** Threads of libvips for one pipeline. */
  readonly concurrency: number;
}

/** What the loop is to do. */
export interface LoopWork {
  readonly pictures: readonly string[];
  readonly sizes: readonly Size[];
  readonly style: Style;
  /** Whether every output is fsynced, which hardly anyone does by hand. */
  readonly isSynced: boolean;
  /** Where outputs go. */
  readonly directory: string;
}

const CHILD = fileURLToPath(new URL("./hand-loop-process.ts", import.meta.url));

/**
 * Runs the loop in a process of its own, after one picture to warm up.
 * @returns ms from the first picture to the last; the process's start is not in it
 * @throws Error when the process fails
 */
export async function runHandLoop(work: LoopWork): Promise<number> {
  await rm(work.directory, { recursive: true, force: true });
  await mkdir(work.directory, { recursive: true });
  const child = fork(CHILD);
  let tookMs: number | undefined;
  child.on("message", (message) => {
    tookMs = Number(message);
  });
  child.send(work);
  await once(child, "close");
  if (child.exitCode !== 0 || tookMs === undefined) throw new Error("the loop written by hand has failed");
  return tookMs;
}

/** Every way in every tuning. */
export function allStyles(): readonly Style[] {
  return WAYS.flatMap((way) =>
    [1, 2, 4].flatMap((inFlight) => [1, 2].map((concurrency) => ({ way, inFlight, concurrency }))),
  );
}

/** How many styles go into the second, longer round. */
const FINALISTS = 4;
/** Each round goes over its styles so often, in turn, and the best time counts: a slow moment of the machine hits one turn. */
const PASSES = 2;

/**
 * Finds the fastest style: all of them on a quarter of the pictures, then the best few on all.
 * @param told is called with each that is tried
 */
export async function bestStyle(
  work: Omit<LoopWork, "style">,
  styles: readonly Style[],
  told: (style: Style, picturesPerSecond: number) => void,
): Promise<Style> {
  const some = work.pictures.slice(0, Math.ceil(work.pictures.length / 4));
  const first = await rank({ ...work, pictures: some }, styles, told);
  const [best] = await rank(work, first.slice(0, FINALISTS), told);
  if (best === undefined) throw new RangeError("no style to choose from");
  return best;
}

async function rank(
  work: Omit<LoopWork, "style">,
  styles: readonly Style[],
  told: (style: Style, picturesPerSecond: number) => void,
): Promise<readonly Style[]> {
  const bestMs = new Map<Style, number>();
  for (let pass = 0; pass < PASSES; pass++) {
    for (const style of styles) {
      const ms = await runHandLoop({ ...work, style });
      bestMs.set(style, Math.min(ms, bestMs.get(style) ?? ms));
    }
  }
  const ranked = [...bestMs].toSorted(([, a], [, b]) => a - b);
  for (const [style, ms] of ranked) told(style, (work.pictures.length * 1_000) / ms);
  return ranked.map(([style]) => style);
}

/** A style in words. */
export function styleText({ way, inFlight, concurrency }: Style): string {
  const what = { paths: "a pipeline per size from the path", bytes: "one buffer read", clones: "one sharp, clones" }[
    way
  ];
  return `${what}; ${inFlight} in flight, sharp.concurrency(${concurrency})`;
}
