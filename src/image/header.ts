import type { Metadata } from "sharp";
import { type Facts, SpooldError } from "../errors.ts";
import type { InputFormat } from "../input-formats.ts";
import { openPicture } from "./decoders.ts";
import type { HeaderLimits } from "./limits.ts";
import { requireOpen } from "./magic.ts";
import type { SourceBytes } from "./source.ts";

/** What a picture says about itself before its pixels are decoded. */
export interface Header {
  readonly format: string;
  /** Pixels, upright; of the first frame. */
  readonly width: number;
  readonly height: number;
  /** The EXIF orientation, 1 to 8: how the stored pixels lie; 1 where nothing is said. */
  readonly orientation: number;
  /** Whether the pixels are sRGB, in colour, with eight bits a channel. */
  readonly isPlain: boolean;
  /** How many frames an animation has; absent when there is one. */
  readonly frames?: number;
}

/**
 * Reads a picture's header and decides whether its pixels may be decoded.
 * @throws SOURCE_UNSUPPORTED, SOURCE_SHUT, SOURCE_DAMAGED, SOURCE_TOO_LONG, SOURCE_TOO_MANY_PIXELS, SOURCE_PROGRESSIVE
 */
export async function readHeader(source: Pick<SourceBytes, "bytes" | "path">, limits: HeaderLimits): Promise<Header> {
  const metadata = await readMetadata(source, requireOpen(source, limits.inputFormats));
  if (metadata.format === "heif" && metadata.compression !== "av1")
    throw new SpooldError("SOURCE_UNSUPPORTED", { path: source.path });
  const { width, height } = metadata.autoOrient;
  requirePixels(metadata, { path: source.path, width, height, pixels: width * height }, limits);
  const format = metadata.format === "heif" ? "avif" : metadata.format;
  const frames = format === "gif" || format === "webp" ? (metadata.pages ?? 1) : 1;
  const isPlain = metadata.space === "srgb" && metadata.depth === "uchar" && (metadata.channels ?? 0) >= 3;
  return { format, width, height, orientation: orientationOf(metadata), isPlain, ...(frames > 1 && { frames }) };
}

/** Decoders hand on what the file says, and take what is no orientation for upright. */
function orientationOf({ orientation = 1 }: Metadata): number {
  return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

/**
 * What is held whole while it is decoded, however small the output, has a limit of its own. Measured, MiB a megapixel:
 * AVIF 18, interlaced PNG 6 to 15, progressive JPEG 3 to 6, GIF and lossless WebP 5; any other JPEG next to nothing.
 */
function requirePixels(
  { format, isProgressive }: Metadata,
  facts: Facts & { readonly width: number; readonly height: number; readonly pixels: number },
  { maxInputPixels, maxProgressivePixels }: HeaderLimits,
): void {
  const limit = format === "heif" ? Math.floor(maxInputPixels / AVIF_WEIGHT) : maxInputPixels;
  if (Math.max(facts.width, facts.height) > MAX_SIDE)
    throw new SpooldError("SOURCE_TOO_LONG", { ...facts, limit: MAX_SIDE });
  if (facts.pixels > limit) throw new SpooldError("SOURCE_TOO_MANY_PIXELS", { ...facts, limit });
  if ((format === "jpeg" || format === "png") && isProgressive && facts.pixels > maxProgressivePixels)
    throw new SpooldError("SOURCE_PROGRESSIVE", { ...facts, limit: maxProgressivePixels });
}

/**
 * The longest side that a JPEG can have. Other formats know longer ones, but decoders take whole lines: a single line
 * of 90 megapixels in 200 bytes of TIFF took 2.2 GiB.
 */
const MAX_SIDE = 65_535;

/** How many times the memory of other whole pictures an AVIF takes. */
const AVIF_WEIGHT = 3;

async function readMetadata(
  { bytes, path }: Pick<SourceBytes, "bytes" | "path">,
  claimed: InputFormat,
): Promise<Metadata> {
  try {
    return await openPicture(bytes, false).metadata();
  } catch (cause) {
    // Sharp's errors have no codes; the tests hold this sentence to the version that is installed.
    const unknown = cause instanceof Error && cause.message.includes("unsupported image format");
    throw new SpooldError(unknown && claimed !== "tiff" ? "SOURCE_UNSUPPORTED" : "SOURCE_DAMAGED", { path }, { cause });
  }
}
