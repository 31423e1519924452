/**
 * The size of a picture without sharp, for processes that only enqueue: from the first bytes of its file, never from its
 * pixels. What this does not know it says nothing of; the worker is the one who decides.
 */
import { GIF } from "image-size/types/gif";
import { JPG } from "image-size/types/jpg";
import { PNG } from "image-size/types/png";
import { TIFF } from "image-size/types/tiff";
import { WEBP } from "image-size/types/webp";
import type { SourceShape } from "./geometry.ts";

/** The parsers that are loaded at all: those of HEIF, JPEG XL and ICNS have hung on files that were made up to do so. */
const PARSERS = { jpeg: JPG, png: PNG, gif: GIF, webp: WEBP, tiff: TIFF } as const;

const FORMATS = Object.keys(PARSERS) as (keyof typeof PARSERS)[];

/**
 * The format and the upright size of a picture.
 * @param prefix the first bytes of its file
 * @returns undefined when they do not tell
 */
export function shapeIn(prefix: Buffer): SourceShape | undefined {
  try {
    const [format] = FORMATS.filter((name) => PARSERS[name].validate(prefix));
    if (format === undefined) return undefined;
    const { width, height } = PARSERS[format].calculate(prefix);
    const orientation = orientationIn(prefix, format);
    if (orientation === undefined || !(width > 0) || !(height > 0)) return undefined;
    return orientation > 4 ? { format, width: height, height: width } : { format, width, height };
  } catch {
    // Cut short, damaged or none of the forms that the library knows: then nothing is foretold.
    return undefined;
  }
}

/** The EXIF orientation; undefined where it may stand behind the prefix. */
function orientationIn(prefix: Buffer, format: keyof typeof PARSERS): number | undefined {
  if (format === "gif") return 1;
  if (format === "tiff") return orientationOf(prefix);
  // In a WebP the EXIF comes last; a flag says beforehand that there is one.
  if (format === "webp")
    return prefix.toString("latin1", 12, 16) === "VP8X" && ((prefix[20] ?? 0) & 8) !== 0 ? undefined : 1;
  const [mark, length] = format === "jpeg" ? ["Exif\0\0", 6] : ["eXIf", 4];
  const at = prefix.indexOf(mark, 0, "latin1");
  return at === -1 ? 1 : orientationOf(prefix.subarray(at + length));
}

const ORIENTATION_TAG = 0x0112;

/** The orientation in the first directory of a TIFF, which EXIF is too. @throws RangeError when it is cut short */
function orientationOf(tiff: Buffer): number {
  const isLittle = tiff.toString("latin1", 0, 2) === "II";
  const short = (at: number): number => (isLittle ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const directory = isLittle ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  for (let entry = 0; entry < short(directory); entry++) {
    const at = directory + 2 + 12 * entry;
    if (short(at) !== ORIENTATION_TAG) continue;
    const value = short(at + 8);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}
