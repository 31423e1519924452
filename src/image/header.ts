import type { Metadata } from "sharp";
import { SpooldError } from "../errors.ts";
import { openPicture } from "./decoders.ts";
import type { InputLimits, SourceBytes } from "./source.ts";

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
 * @throws SOURCE_UNSUPPORTED, SOURCE_DAMAGED, SOURCE_TOO_MANY_PIXELS
 */
export async function readHeader(
  { bytes, path }: Pick<SourceBytes, "bytes" | "path">,
  limits: Pick<InputLimits, "maxInputPixels">,
): Promise<Header> {
  if (isHeicOnly(bytes)) throw new SpooldError("SOURCE_UNSUPPORTED", { path });
  const metadata = await readMetadata(bytes, path);
  if (metadata.format === "heif" && metadata.compression !== "av1")
    throw new SpooldError("SOURCE_UNSUPPORTED", { path });
  const { width, height } = metadata.autoOrient;
  const limit = limits.maxInputPixels;
  if (width * height > limit)
    throw new SpooldError("SOURCE_TOO_MANY_PIXELS", { path, width, height, pixels: width * height, limit });
  const format = metadata.format === "heif" ? "avif" : metadata.format;
  const frames = format === "gif" || format === "webp" ? (metadata.pages ?? 1) : 1;
  const isPlain = metadata.space === "srgb" && metadata.depth === "uchar" && (metadata.channels ?? 0) >= 3;
  return { format, width, height, orientation: orientationOf(metadata), isPlain, ...(frames > 1 && { frames }) };
}

/** Decoders hand on what the file says, and take what is no orientation for upright. */
function orientationOf({ orientation = 1 }: Metadata): number {
  return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

async function readMetadata(bytes: Buffer, path: string): Promise<Metadata> {
  try {
    return await openPicture(bytes, false).metadata();
  } catch (cause) {
    // Sharp's errors have no codes; the tests hold this sentence to the version that is installed.
    const unknown = cause instanceof Error && cause.message.includes("unsupported image format");
    throw new SpooldError(unknown && !isTiff(bytes) ? "SOURCE_UNSUPPORTED" : "SOURCE_DAMAGED", { path }, { cause });
  }
}

/** Whether this is a file of the HEIF family that does not claim to be AVIF: it never reaches the decoder. */
function isHeicOnly(bytes: Buffer): boolean {
  if (bytes.toString("latin1", 4, 8) !== "ftyp") return false;
  // The brands of an ISO media file (ISO/IEC 14496-12, 4.3): the box's size, its type, then what it is compatible with.
  const brands = bytes.toString("latin1", 8, Math.min(bytes.readUInt32BE(0), 1_024));
  return !/avif|avis/.test(brands);
}

/** Whether this begins as a TIFF: its directory may stand at its end, so sharp does not know one that is cut short. */
function isTiff(bytes: Buffer): boolean {
  return /^(II[*+]\0|MM\0[*+])/.test(bytes.toString("latin1", 0, 4));
}
