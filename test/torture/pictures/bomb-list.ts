import { deflateSync, gzipSync } from "node:zlib";
import sharp from "sharp";
import { avifOf, chunk, deflatedZeros, gifOf, pngOf, progressiveJpegOf, tiffOf } from "./chunks.ts";
import { frameBeyondCanvas, frameBeyondScreen, hugeInside, smallOutside } from "./liars.ts";

/** A small file that would cost much. */
export interface Bomb {
  readonly file: string;
  readonly make: () => Buffer | Promise<Buffer>;
  /** How its task may end: `done`, or codes of errors. */
  readonly ends: readonly string[];
  /** Takes seconds to make or to refuse: not for the test suite. */
  readonly isHeavy?: true;
  /** The ending of the output that is asked for. */
  readonly output?: "gif" | "jpg";
}

const REFUSED = ["SOURCE_DAMAGED", "SOURCE_UNSUPPORTED"];
const square = (side: number): { width: number; height: number } => ({ width: side, height: side });

/** Bombs of every format that can be opened. */
export const BOMBS: readonly Bomb[] = [
  { file: "50000-square.png", make: () => pngOf(square(50_000), deflatedZeros(1)), ends: ["SOURCE_TOO_MANY_PIXELS"] },
  // 300 MB of pixels in 300 kB: a picture like any other, read line by line.
  {
    file: "black-100-megapixels.png",
    isHeavy: true,
    make: () => pngOf(square(10_000), blackLines(10_000)),
    ends: ["done"],
  },
  {
    file: "gigabyte-behind-few-pixels.png",
    isHeavy: true,
    make: () => pngOf(square(8), deflatedZeros(1_024)),
    ends: ["done", ...REFUSED],
  },
  {
    file: "gigabyte-of-text.png",
    isHeavy: true,
    make: () => tiny(chunk("zTXt", packed("a\0\0"))),
    ends: ["done", ...REFUSED],
  },
  {
    file: "gigabyte-of-words.png",
    isHeavy: true,
    make: () => tiny(chunk("iTXt", packed("a\0\x01\0\0\0"))),
    ends: ["done", ...REFUSED],
  },
  {
    file: "gigabyte-of-profile.png",
    isHeavy: true,
    make: () => tiny(chunk("iCCP", packed("a\0\0"))),
    ends: ["done", ...REFUSED],
  },
  { file: "many-chunks.png", make: () => tiny(...Array<Buffer>(100_000).fill(NOTE)), ends: ["done", ...REFUSED] },
  { file: "progressive-16k.jpg", make: () => progressiveJpegOf(square(16_000)), ends: ["SOURCE_TOO_MANY_PIXELS"] },
  { file: "progressive-10k.jpg", make: () => progressiveJpegOf(square(10_000)), ends: ["SOURCE_PROGRESSIVE"] },
  { file: "many-scans.jpg", isHeavy: true, make: () => manyScans(2_000), ends: ["done", "TASK_TIMED_OUT", ...REFUSED] },
  { file: "10000-frames.gif", make: () => gifOf(10_000), output: "gif", ends: ["SOURCE_TOO_MANY_FRAMES"] },
  { file: "10000-frames-still.gif", make: () => gifOf(10_000), ends: ["done"] },
  {
    file: "million-frames-still.gif",
    isHeavy: true,
    make: () => gifOf(1_000_000),
    ends: ["done", "TASK_TIMED_OUT", ...REFUSED],
  },
  { file: "widest.tif", make: () => tiffOf(absurd(0xffff_ffff, 0xffff_ffff)), ends: ["SOURCE_TOO_LONG", ...REFUSED] },
  { file: "one-line.tif", make: () => tiffOf(absurd(90_000_000, 1)), ends: ["SOURCE_TOO_LONG"] },
  { file: "one-column.tif", make: () => tiffOf(absurd(1, 90_000_000)), ends: ["SOURCE_TOO_LONG"] },
  { file: "longest-line.tif", make: () => tiffOf(absurd(65_535, 1_525)), ends: REFUSED },
  { file: "long-strip.tif", make: () => tiffOf(absurd(9_000, 9_000)), ends: REFUSED },
  { file: "one-strip.tif", isHeavy: true, make: () => oneStrip(9_000), ends: ["done"] },
  { file: "endless.tif", make: () => tiffOf(absurd(8, 8), 8), ends: ["done", ...REFUSED] },
  { file: "17000-square.avif", make: () => avifOf(square(17_000)), ends: ["SOURCE_TOO_MANY_PIXELS", ...REFUSED] },
  { file: "false-extents.avif", make: () => avifOf(square(5_000)), ends: ["done", ...REFUSED] },
  { file: "flat-32-megapixels.avif", isHeavy: true, make: () => flat(5_700, "avif"), ends: ["done"] },
  { file: "flat-10k.webp", isHeavy: true, make: () => flat(10_000, "webp"), ends: ["done"] },
  { file: "frame-beyond-screen.gif", isHeavy: true, make: frameBeyondScreen, ends: ["done", ...REFUSED] },
  { file: "small-outside.avif", isHeavy: true, make: smallOutside, ends: REFUSED },
  { file: "huge-inside.tif", make: hugeInside, ends: REFUSED },
  { file: "frame-beyond-canvas.webp", make: frameBeyondCanvas, ends: REFUSED },
  { file: "carries-a-bomb.svg", make: () => carrying(pngOf(square(50_000), deflatedZeros(1))), ends: ["done"] },
  {
    file: "carries-81-megapixels.svg",
    isHeavy: true,
    make: () => carrying(pngOf(square(9_000), blackLines(9_000))),
    ends: ["done"],
  },
  {
    file: "multiplies.svg",
    isHeavy: true,
    make: () => Buffer.from(drawing(uses())),
    ends: ["done", "TASK_TIMED_OUT", ...REFUSED],
  },
  // How much is packed nothing tells: such a file is not opened at all.
  { file: "packed.svgz", make: () => gzipSync(drawing(uses()), { level: 9 }), ends: ["SOURCE_UNSUPPORTED"] },
  {
    file: "gigabyte.svgz",
    isHeavy: true,
    make: () => gzipSync(Buffer.alloc(2 ** 30, " "), { level: 9 }),
    ends: ["SOURCE_UNSUPPORTED"],
  },
  {
    file: "nested.svg",
    isHeavy: true,
    make: () => Buffer.from(drawing(`${"<g>".repeat(100_000)}<path d="M0 0h9v9z"/>${"</g>".repeat(100_000)}`)),
    ends: ["done", ...REFUSED],
  },
  { file: "drawing-in-drawing.svg", isHeavy: true, make: () => inEachOther(12), ends: ["done", ...REFUSED] },
  { file: "blurs.svg", isHeavy: true, make: () => Buffer.from(drawing(blurs())), ends: ["done", "TASK_TIMED_OUT"] },
];

const NOTE = chunk("tEXt", Buffer.from("a\0b"));

/** Lines of black pixels, a filter byte before each. */
function blackLines(side: number): Buffer {
  return deflateSync(Buffer.alloc((side * 3 + 1) * side), { level: 9 });
}

/** A sound picture of 8x8 with other chunks before its pixels. */
function tiny(...chunks: Buffer[]): Buffer {
  return pngOf(square(8), blackLines(8), chunks);
}

/** What a compressed chunk begins with, and a gigabyte of zeros. */
function packed(start: string): Buffer {
  return Buffer.concat([Buffer.from(start, "latin1"), deflatedZeros(1_024)]);
}

/** Where the strip begins: behind the directory. */
const STRIP_AT = 0x80;

/** Width, height, 8 bits, three channels, no compression, one strip of four gigabytes at the file's end. */
function absurd(width: number, height: number): [number, number, number, number][] {
  return [
    ...([
      [0x100, 4, 1, width],
      [0x101, 4, 1, height],
      [0x102, 3, 1, 8],
      [0x103, 3, 1, 1],
    ] as const),
    ...([
      [0x106, 3, 1, 2],
      [0x111, 4, 1, STRIP_AT],
      [0x115, 3, 1, 3],
      [0x116, 4, 1, height],
    ] as const),
    ...([[0x117, 4, 1, 0xffff_ffff]] as const),
  ].map((entry) => [...entry]);
}

function flat(side: number, format: "avif" | "webp"): Promise<Buffer> {
  const picture = sharp({ create: { ...square(side), channels: 3, background: "teal" } });
  return picture.toFormat(format, { effort: 0, lossless: format === "webp" }).toBuffer();
}

/** All lines in one strip, so that its decoder must hold them all. */
function oneStrip(side: number): Buffer {
  const strip = deflateSync(Buffer.alloc(side * side * 3), { level: 9 });
  const entries = absurd(side, side).map(([tag, type, count, value]) => {
    if (tag === 0x103) return [tag, type, count, 8] as const;
    return tag === 0x117 ? ([tag, type, count, strip.length] as const) : ([tag, type, count, value] as const);
  });
  const head = tiffOf(entries);
  return Buffer.concat([head.subarray(0, STRIP_AT), strip]);
}

/** The last scan of a progressive JPEG over and over: each goes through all of the picture. */
async function manyScans(times: number): Promise<Buffer> {
  const bytes = await sharp({ create: { width: 3_400, height: 3_400, channels: 3, background: "teal" } })
    .jpeg({ progressive: true })
    .toBuffer();
  const scan = bytes.subarray(bytes.lastIndexOf(Buffer.from([0xff, 0xda])), -2);
  return Buffer.concat([bytes.subarray(0, -2), ...Array<Buffer>(times).fill(scan), bytes.subarray(-2)]);
}

function drawing(content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="4000" height="4000">${content}</svg>`;
}

function carrying(png: Buffer): Buffer {
  const image = `<image href="data:image/png;base64,${png.toString("base64")}" width="4000" height="4000"/>`;
  return Buffer.from(drawing(image));
}

/** A drawing that shows a drawing twice that shows a drawing twice. */
function inEachOther(levels: number): Buffer {
  let text = drawing('<rect width="4000" height="4000"/>');
  for (let level = 0; level < levels; level++) {
    const href = `data:image/svg+xml;base64,${Buffer.from(text).toString("base64")}`;
    text = drawing(`<image id="i" href="${href}" width="4000" height="4000"/><use href="#i"/>`);
  }
  return Buffer.from(text);
}

/** Each group shows the one before it ten times. */
function uses(): string {
  const groups = Array.from({ length: 20 }, (_, at) => `<g id="g${at + 1}">${`<use href="#g${at}"/>`.repeat(10)}</g>`);
  return `<defs><g id="g0"><rect width="9" height="9"/></g>${groups.join("")}</defs><use href="#g20"/>`;
}

function blurs(): string {
  const filter = '<feTurbulence numOctaves="20"/><feGaussianBlur stdDeviation="500"/>'.repeat(20);
  return `<filter id="f">${filter}</filter><rect filter="url(#f)" width="4000" height="4000"/>`;
}
