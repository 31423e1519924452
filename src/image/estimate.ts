/**
 * How much memory a worker needs at most for a task, estimated before a pixel is decoded. The figures are those of
 * sharp 0.35 on Linux; `npm run bench -- estimate` holds them against real workers.
 */
import { type Size, shrunkOnLoad } from "./geometry.ts";
import type { Header } from "./header.ts";
import { makingOrder, type PlannedOutput } from "./plan.ts";
import type { Storage } from "./storage.ts";

const MEBIBYTE = 1024 * 1024;

/** A worker before its first task, with sharp loaded, and what every task adds. */
const WORKER_BYTES = 82 * MEBIBYTE;

/** Pixels in a parent's memory, and in that of an output between two steps: sRGB with transparency at most. */
const CHANNELS = 4;

/** What an encoder holds for each pixel of an output, and how many bytes of file it makes of one at its usual quality. */
const ENCODERS: Readonly<Record<PlannedOutput["format"], { readonly works: number; readonly makes: number }>> = {
  jpeg: { works: 6, makes: 0.3 },
  png: { works: 0.5, makes: 1.7 },
  webp: { works: 8, makes: 0.2 },
  avif: { works: 33, makes: 0.1 },
  gif: { works: 11, makes: 0.6 },
  tiff: { works: 1, makes: 0.4 },
};

/** What options add to that: more exact pictures, a palette. */
const LOSSLESS_WEBP = { works: 22, makes: 1.2 };
const PALETTE_PNG = { works: 5, makes: 0.6 };

/**
 * The peak resident size of a worker that makes a plan.
 * @returns MiB, to be trusted to about a quarter for pictures of 12 megapixels
 */
export function estimateMib(plan: readonly PlannedOutput[], header: Header, storage: Storage): number {
  let kept = 0;
  let made = 0;
  let peak = 0;
  for (const index of makingOrder(plan)) {
    const planned = plan[index] as PlannedOutput;
    const size = sizeOf(planned, header);
    const raw = pixels(size) * Math.min(CHANNELS, storage.channels);
    const isKept = planned.isParent || planned.isSampled;
    const { works, makes } = encoderOf(planned);
    // A picture is turned upright when it has its new size, and must be there as a whole then.
    const turning = header.orientation > 1 ? raw : 0;
    const decoding = planned.parent === null ? turning + decodingBytes(planned, header, storage) : 0;
    const steps = planned.output.steps?.length ? 2 * raw : 0;
    const encoding = works * pixels(size) * planned.frames;
    made += makes * pixels(size) * planned.frames;
    if (isKept) kept += raw;
    // Where pixels are kept the source has been decoded before the encoder begins.
    const working = isKept ? Math.max(decoding, steps + encoding) : decoding + steps + encoding;
    peak = Math.max(peak, kept + made + working);
    if (!planned.isParent && planned.isSampled) kept -= raw;
  }
  return Math.round((WORKER_BYTES + storage.bytes + peak) / MEBIBYTE);
}

/** The picture that an output is before its steps; where only the pixels decide that, as large as it can be. */
function sizeOf({ output, size, geometry }: PlannedOutput, header: Header): Size {
  if (geometry !== null) return geometry.scaled;
  const { width, height } = output;
  return size ?? { width: width ?? header.width, height: height ?? header.height };
}

function encoderOf({ output: { quality, encode }, format }: PlannedOutput): { works: number; makes: number } {
  if (format === "webp" && encode !== undefined && ("lossless" in encode || "nearLossless" in encode))
    return LOSSLESS_WEBP;
  const isPalette =
    quality !== undefined || (encode !== undefined && PALETTE_OPTIONS.some((option) => option in encode));
  return format === "png" && isPalette ? PALETTE_PNG : ENCODERS[format];
}

/** Options that make sharp write a palette. */
const PALETTE_OPTIONS = ["palette", "quality", "effort", "colours", "colors", "dither"];

/** What is held of the source while it is decoded and shrunk for one output. */
function decodingBytes({ output, frames }: PlannedOutput, header: Header, storage: Storage): number {
  const isSized = output.width !== undefined || output.height !== undefined;
  const whole = pixels(header) * storage.channels * storage.bytesPerChannel;
  // sharp looks for the best part in the whole picture, resized.
  const isLooking = output.position === "entropy" || output.position === "attention";
  const looking = isLooking ? (pixels(shrunkOnLoad(output, header)) * storage.channels) / 2 : 0;
  return looking + decoderBytes(header, storage, { isSized, whole, frames });
}

function decoderBytes(
  { format, width, height }: Header,
  { isProgressive, channels }: Storage,
  { isSized, whole, frames }: { readonly isSized: boolean; readonly whole: number; readonly frames: number },
): number {
  const area = width * height;
  const roll = frames > 1 ? area * 4 * frames : 0;
  // The rows that a resize looks at grow with the factor.
  const rows = isSized ? whole / 2 : 0;
  switch (format) {
    case "jpeg":
      return isProgressive ? whole : 0;
    case "png":
      return isProgressive ? whole + rows / 4 : rows;
    case "gif":
      return area * 6 + roll;
    case "webp":
      return area * channels * (isSized ? 0.3 : 1.2) + roll;
    case "avif":
      return area * 19;
    default:
      return rows;
  }
}

function pixels({ width, height }: Size): number {
  return width * height;
}
