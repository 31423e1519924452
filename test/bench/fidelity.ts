import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import type { NewTask } from "../../src/index.ts";
import type { Bench, BenchContext } from "./bench-context.ts";
import { type TestPicture, testPictures } from "./fidelity-pictures.ts";
import { GALLERY, type Size } from "./jobs.ts";
import { psnr, ssim } from "./likeness.ts";
import { type Ground, lumaOf } from "./luma.ts";
import type { Detail, Figure, Report } from "./report.ts";
import { spreadOf } from "./spread.ts";
import { loneWorker } from "./worker.ts";

/** How close a picture comes to the reference; the worse of a black and a white ground. */
interface Likeness {
  readonly psnr: number;
  readonly ssim: number;
}

interface Full {
  readonly bytes: Buffer;
  /** Whether it has 16 bits a channel. */
  readonly isDeep: boolean;
}

interface Row {
  readonly picture: string;
  readonly size: string;
  readonly direct: Likeness;
  readonly ours: Likeness;
  /** Pixels and bits per channel, as plain sharp and as our engine make them. */
  readonly shapes: { readonly direct: string; readonly ours: string };
}

/** Demanded of each output: this SSIM, or a PSNR that is at most so much below the direct way's. */
const LEAST_SSIM = 0.99;
const MOST_LOST_DB = 0.5;

/** How close outputs come to a resize of the full-size decode, by the direct way and by ours. */
export const fidelity: Bench = {
  tells: "PSNR and SSIM against a resize of the full-size decode: plain sharp from the file, and our image engine",
  async run(context) {
    const rows: Row[] = [];
    for (const picture of testPictures()) {
      context.say(picture.name);
      rows.push(...(await measure(context, picture)));
    }
    return reportOf(rows);
  },
};

async function measure({ directory }: BenchContext, { name, ending, bytes }: TestPicture): Promise<readonly Row[]> {
  const source = join(directory, `${name.replaceAll(/\W+/g, "-")}.${ending}`);
  await writeFile(source, await bytes());
  const worker = await loneWorker(directory);
  try {
    const made = await worker.run(taskFor(source));
    const full = await fullSize(source);
    const rows: Row[] = [];
    for (const [index, size] of GALLERY.entries()) {
      const ours = await readFile(made[index]?.temporary ?? "");
      const direct = await directly(source, size);
      const reference = await referenceFrom(full, size);
      rows.push({
        picture: name,
        size: size.name,
        direct: await likeness(direct, reference),
        ours: await likeness(ours, reference),
        shapes: { direct: await shapeOf(direct), ours: await shapeOf(ours) },
      });
    }
    return rows;
  } finally {
    await worker.close();
  }
}

/** PNG, so that no encoder blurs the comparison. */
function taskFor(source: string): NewTask {
  return {
    source,
    outputs: GALLERY.map(({ name, quality: _lossy, ...size }) => ({ file: `fidelity/${name}.png`, ...size })),
  };
}

/** What plain sharp makes of the file, leaving out at loading what a small picture does not need. */
async function directly(source: string, { width, height, fit }: Size): Promise<Buffer> {
  return sharp(source).autoOrient().resize(width, height, { fit }).png().toBuffer();
}

/** The picture decoded whole, upright, in sRGB, with all of its bits. */
async function fullSize(source: string): Promise<Full> {
  const isDeep = (await sharp(source).metadata()).depth === "ushort";
  const picture = inDepth(sharp(source).autoOrient(), isDeep);
  return { bytes: await picture.png({ compressionLevel: 1 }).toBuffer(), isDeep };
}

/** Resized once. Nothing is left out at loading, for a PNG offers no way to. */
async function referenceFrom({ bytes, isDeep }: Full, { width, height, fit }: Size): Promise<Buffer> {
  return inDepth(sharp(bytes).resize(width, height, { fit, kernel: "lanczos3" }), isDeep)
    .png()
    .toBuffer();
}

/** Left alone, sharp writes 8 bits whatever it has read. */
function inDepth(picture: Sharp, isDeep: boolean): Sharp {
  return isDeep ? picture.toColourspace("rgb16") : picture;
}

async function likeness(picture: Buffer, reference: Buffer): Promise<Likeness> {
  const found: Likeness[] = [];
  for (const ground of await groundsFor(reference)) {
    const [a, b] = [await lumaOf(picture, ground), await lumaOf(reference, ground)];
    found.push({ psnr: psnr(a, b), ssim: ssim(a, b) });
  }
  return { psnr: Math.min(...found.map((each) => each.psnr)), ssim: Math.min(...found.map((each) => each.ssim)) };
}

async function groundsFor(reference: Buffer): Promise<readonly Ground[]> {
  return (await sharp(reference).metadata()).hasAlpha ? ["black", "white"] : ["black"];
}

async function shapeOf(picture: Buffer): Promise<string> {
  const { width, height, depth, channels } = await sharp(picture).metadata();
  return `${width}x${height} ${channels}x${depth === "ushort" ? 16 : 8}`;
}

function reportOf(rows: readonly Row[]): Report {
  const failing = rows.filter((row) => !isCloseEnough(row));
  const reshaped = rows.filter(({ shapes }) => shapes.ours !== shapes.direct);
  const count = (what: string, found: readonly Row[]): Figure => {
    return { kind: "value", what, unit: "outputs", value: spreadOf([found.length]), demanded: { atMost: 0 } };
  };
  const demand = `SSIM >= ${LEAST_SSIM} or PSNR >= direct - ${MOST_LOST_DB} dB`;
  return {
    figures: [
      count(`of ${rows.length}, short of: ${demand}`, failing),
      count(`of ${rows.length}, size, channels or bits unlike plain sharp's`, reshaped),
    ],
    details: [detailOf(rows)],
    notes: [worstOf(rows), ...reshaped.map(reshapedText)],
  };
}

function isCloseEnough({ direct, ours }: Row): boolean {
  // Infinite on both sides: identical to the reference, both ways.
  return ours.ssim >= LEAST_SSIM || ours.psnr >= direct.psnr - MOST_LOST_DB;
}

function detailOf(rows: readonly Row[]): Detail {
  const columns = ["picture", "size", "PSNR direct", "PSNR ours", "SSIM direct", "SSIM ours", "enough"];
  const cells = rows.map((row) => {
    const { picture, size, direct, ours } = row;
    const figures = [dB(direct.psnr), dB(ours.psnr), direct.ssim.toFixed(4), ours.ssim.toFixed(4)];
    return [picture, size, ...figures, isCloseEnough(row) ? "yes" : "NO"];
  });
  return { title: "luma against a resize of the full-size decode, dB and 0 to 1", columns, rows: cells };
}

function worstOf(rows: readonly Row[]): string {
  const by = (of: (row: Row) => number): Row | undefined => rows.toSorted((a, b) => of(a) - of(b))[0];
  const [psnrRow, ssimRow] = [by(({ ours }) => ours.psnr), by(({ ours }) => ours.ssim)];
  if (psnrRow === undefined || ssimRow === undefined) return "nothing was measured";
  const psnrText = `PSNR ${dB(psnrRow.ours.psnr)} dB, ${psnrRow.picture} at ${psnrRow.size}`;
  return `worst of ours: ${psnrText}; SSIM ${ssimRow.ours.ssim.toFixed(4)}, ${ssimRow.picture} at ${ssimRow.size}`;
}

function reshapedText({ picture, size, shapes }: Row): string {
  return `${picture} at ${size}: plain sharp makes ${shapes.direct}, ours is ${shapes.ours}`;
}

function dB(value: number): string {
  return Number.isFinite(value) ? value.toFixed(1) : "Infinity";
}
