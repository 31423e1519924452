import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Sharp } from "sharp";
import { estimateMib } from "../../src/image/estimate.ts";
import { readHeader } from "../../src/image/header.ts";
import { planOutputs } from "../../src/image/plan.ts";
import { readStorage } from "../../src/image/storage.ts";
import type { Output } from "../../src/task/task.ts";
import { DEFAULT_LIMITS } from "../support/limits.ts";
import { open } from "../support/scenery/held.ts";
import type { Bench } from "./bench-context.ts";
import { GALLERY } from "./jobs.ts";
import { enlarge, paintNegatives, SIZES } from "./photographs.ts";
import { spreadOf } from "./spread.ts";
import { loneWorker } from "./worker.ts";

type Make = (photograph: Sharp) => Sharp;

/** Sources of 12 MP by their file; what tells them apart is how they must be decoded. */
const SOURCES: Readonly<Record<string, Make>> = {
  "plain.jpg": (photograph) => photograph.jpeg({ quality: 90 }),
  "progressive.jpg": (photograph) => photograph.jpeg({ quality: 90, progressive: true }),
  "turned.jpg": (photograph) => photograph.withMetadata({ orientation: 6 }).jpeg({ quality: 90 }),
  "plain.png": (photograph) => photograph.png({ compressionLevel: 1 }),
  "interlaced.png": (photograph) => photograph.png({ compressionLevel: 1, progressive: true }),
  "clear.png": (photograph) => photograph.ensureAlpha(0.5).png({ compressionLevel: 1 }),
  "deep.png": (photograph) => photograph.toColourspace("rgb16").png({ compressionLevel: 1 }),
  "plain.webp": (photograph) => photograph.webp({ effort: 0 }),
  "plain.tif": (photograph) => photograph.tiff({ compression: "lzw" }),
  "plain.avif": (photograph) => photograph.avif({ effort: 0 }),
  "plain.gif": (photograph) => photograph.gif({ effort: 1 }),
};

const small: Output = { file: "small.jpg", width: 500 };
const gallery: readonly Output[] = GALLERY.map(({ name, ...size }) => ({ file: `${name}.jpg`, ...size }));
const full = (file: string, more: Partial<Output> = {}): readonly Output[] => [{ file, ...more }];

const CASES: readonly (readonly [source: string, what: string, outputs: readonly Output[]])[] = [
  ...Object.keys(SOURCES).map((source) => [source, "500 px", [small]] as const),
  ["plain.jpg", "the gallery", gallery],
  ["turned.jpg", "the gallery", gallery],
  ["plain.webp", "the gallery", gallery],
  ["plain.jpg", "3000, 1500, 700 px", [3_000, 1_500, 700].map((width) => ({ file: `${width}.jpg`, width }))],
  ["plain.jpg", "2000 px, attention", full("a.jpg", { width: 2_000, height: 2_000, position: "attention" })],
  ["plain.jpg", "full size, jpeg", full("a.jpg")],
  ["turned.jpg", "full size, jpeg", full("a.jpg")],
  ["plain.jpg", "full size, two steps", full("a.jpg", { steps: [{ flip: true }, { sharpen: true }] })],
  ["plain.jpg", "full size, png", full("a.png", { encode: { compressionLevel: 1 } })],
  ["plain.jpg", "full size, png palette", full("a.png", { encode: { palette: true, effort: 1 } })],
  ["plain.jpg", "full size, webp", full("a.webp")],
  ["plain.jpg", "full size, webp lossless", full("a.webp", { encode: { lossless: true, effort: 0 } })],
  ["plain.jpg", "full size, avif", full("a.avif", { encode: { effort: 2 } })],
  ["plain.jpg", "full size, gif", full("a.gif", { encode: { effort: 1 } })],
  ["plain.jpg", "full size, tiff", full("a.tif")],
];

/** How near the estimate of `spoold plan` comes to what workers really take. */
export const estimate: Bench = {
  tells: "the memory that `spoold plan` foretells beside the peak of a real worker, for sources of 12 MP (Linux)",
  async run({ directory, say }) {
    const [negative] = paintNegatives(1);
    if (negative === undefined) throw new RangeError("no negative");
    const photograph = await enlarge(negative, SIZES["12 MP"]);
    for (const [file, make] of Object.entries(SOURCES)) await make(open(photograph)).toFile(join(directory, file));
    const rows: [string, string, string, string, string][] = [];
    const ratios: number[] = [];
    for (const [source, what, outputs] of CASES) {
      say(`${source}: ${what}`);
      const foretold = await foretell(join(directory, source), outputs);
      const found = await peakMib(directory, { source, outputs: [...outputs] });
      ratios.push(foretold / found);
      rows.push([source, what, foretold.toFixed(0), found.toFixed(0), (foretold / found).toFixed(2)]);
    }
    return {
      figures: [{ kind: "value", what: "foretold / found", unit: "x", value: spreadOf(ratios) }],
      details: [
        { title: "peak of a fresh worker", columns: ["source", "made", "foretold MiB", "found MiB", "x"], rows },
      ],
      notes: ["found: VmHWM of a fresh worker after one task."],
    };
  },
};

const LIMITS = { ...DEFAULT_LIMITS, maxInputPixels: 1_000_000_000, maxProgressivePixels: 1_000_000_000 };

async function foretell(path: string, outputs: readonly Output[]): Promise<number> {
  const bytes = await readFile(path);
  const header = await readHeader({ bytes, path }, LIMITS);
  return estimateMib(planOutputs(outputs, header, LIMITS), header, await readStorage(bytes));
}

async function peakMib(directory: string, task: { source: string; outputs: Output[] }): Promise<number> {
  const worker = await loneWorker(directory);
  try {
    for (const { temporary } of await worker.run(task)) await rm(temporary);
    return (await worker.memory()).peakMib;
  } finally {
    await worker.close();
  }
}
