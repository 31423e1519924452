import { stat } from "node:fs/promises";
import { join } from "node:path";
import { open } from "../support/scenery/held.ts";
import type { Bench, BenchContext } from "./bench-context.ts";
import { GALLERY, tasksFor } from "./jobs.ts";
import { develop, enlarge, type Negative, paintNegatives, SIZES, type Size } from "./photographs.ts";
import type { Detail, Figure } from "./report.ts";
import { spreadOf } from "./spread.ts";
import { loneWorker } from "./worker.ts";

interface Source {
  readonly name: string;
  readonly size: Size;
  readonly format: "jpeg" | "tiff" | "png";
  /** Of a slide, which is diced. */
  readonly compression?: "jpeg" | "none";
}

const SOURCES: readonly Source[] = [
  { name: "12 MP JPEG", size: SIZES["12 MP"], format: "jpeg" },
  { name: "50 MP JPEG", size: { width: 8192, height: 6144 }, format: "jpeg" },
  { name: "200 MP JPEG", size: { width: 16_384, height: 12_288 }, format: "jpeg" },
  { name: "12 MP PNG", size: SIZES["12 MP"], format: "png" },
  { name: "50 MP TIFF", size: { width: 8192, height: 6144 }, format: "tiff" },
  { name: "200 MP TIFF", size: { width: 16_384, height: 12_288 }, format: "tiff" },
];

/** What a museum or a pathologist has: one picture, to be diced for a viewer. */
const SLIDES: readonly Source[] = [
  { name: "200 MP TIFF, tiles of JPEG", size: { width: 16_384, height: 12_288 }, format: "tiff", compression: "jpeg" },
  { name: "200 MP TIFF, uncompressed", size: { width: 16_384, height: 12_288 }, format: "tiff", compression: "none" },
];

/** Resident sizes are told after so many small tasks. */
const LOOKS = [200, 1_000, 2_000];

/** How much memory a worker needs, and whether it keeps any. */
export const memory: Bench = {
  tells: "peak resident size of a worker for 12, 50 and 200 MP, and whether it is flat over 2,000 small tasks (Linux)",
  async run(context) {
    const [negative] = paintNegatives(1);
    if (negative === undefined) throw new RangeError("no negative");
    const figures: Figure[] = [];
    for (const source of SOURCES) figures.push(await peakFor(context, negative, source));
    for (const source of SLIDES) figures.push(await peakFor(context, negative, source));
    const { figure, detail } = await flatness(context, negative);
    return {
      figures: [...figures, figure],
      details: [detail],
      notes: [
        "peak: VmHWM of a fresh worker after one task with the gallery's four sizes, source bytes included.",
        "pyramid: the same after one task that dices the whole picture into Deep Zoom tiles of 256 px.",
        "One figure each: memory hardly spreads, so there are no rounds.",
      ],
    };
  },
};

async function peakFor(context: BenchContext, negative: Negative, source: Source): Promise<Figure> {
  const { directory, say } = context;
  say(`${source.name}: making it`);
  const path = await make(directory, negative, source);
  const worker = await loneWorker(directory);
  try {
    const isSlide = source.compression !== undefined;
    const pyramid = { source: path, outputs: [{ file: `${path}.dzi`, tile: { size: 256, overlap: 1 } }] };
    for (const task of isSlide ? [pyramid] : tasksFor([path], 1, GALLERY)) await worker.run(task);
    const { peakMib } = await worker.memory();
    const fileMib = (await stat(path)).size / 1024 / 1024;
    const what = `${isSlide ? "pyramid" : "peak"}, ${source.name} (a file of ${fileMib.toFixed(1)} MiB)`;
    return { kind: "value", what, unit: "MiB", value: spreadOf([peakMib]) };
  } finally {
    await worker.close();
  }
}

/** Up to 12 MP with a film's grain; beyond, a grained piece of 12 MP enlarged as a stream, for lack of memory here. */
async function make(
  directory: string,
  negative: Negative,
  { name, size, format, compression = "jpeg" }: Source,
): Promise<string> {
  const path = join(directory, `${name.replaceAll(/[ ,]+/g, "-")}.${format}`);
  const grained = open(await enlarge(negative, SIZES["12 MP"]));
  const sized = size.width > SIZES["12 MP"].width ? grained.resize(size.width, size.height, { fit: "fill" }) : grained;
  const tiff = compression === "jpeg" ? TIFF : { compression };
  const options = format === "tiff" ? tiff : format === "png" ? { compressionLevel: 1 } : { quality: 90 };
  await sized.toFormat(format, options).toFile(path);
  return path;
}

/** As scanners of slides write it: tiles of JPEG. */
const TIFF = { compression: "jpeg", quality: 90, tile: true, tileWidth: 256, tileHeight: 256 } as const;

async function flatness(
  { directory, say }: BenchContext,
  negative: Negative,
): Promise<{ figure: Figure; detail: Detail }> {
  const pictures = await develop([negative], { width: 640, height: 480 }, directory);
  const worker = await loneWorker(directory);
  try {
    const rows: [string, string, string][] = [await look(0)];
    const sizes: number[] = [];
    const tasks = tasksFor(pictures, LOOKS.at(-1) ?? 0, SMALL);
    for (const [index, task] of tasks.entries()) {
      // Every task writes the same files, so that the disk does not fill.
      await worker.run({ ...task, outputs: tasks[0]?.outputs ?? task.outputs });
      if (!LOOKS.includes(index + 1)) continue;
      say(`${index + 1} small tasks`);
      rows.push(await look(index + 1));
      sizes.push((await worker.memory()).residentMib);
    }
    const growth = (sizes.at(-1) ?? 0) / (sizes[0] ?? 0);
    return {
      figure: {
        kind: "value",
        what: "resident after 2,000 small tasks / after 200",
        unit: "x",
        value: spreadOf([growth]),
      },
      detail: {
        title: "one worker, 640x480 JPEG to 320 and 64 px",
        columns: ["tasks", "resident MiB", "peak MiB"],
        rows,
      },
    };
  } finally {
    await worker.close();
  }

  async function look(tasks: number): Promise<[string, string, string]> {
    const { residentMib, peakMib } = await worker.memory();
    return [String(tasks), residentMib.toFixed(0), peakMib.toFixed(0)];
  }
}

const SMALL = [
  { name: "320", width: 320, height: 320, fit: "inside", quality: 80 },
  { name: "64", width: 64, height: 64, fit: "cover", quality: 80 },
] as const;
