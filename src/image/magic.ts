import { SpooldError } from "../errors.ts";
import type { InputFormat } from "../input-formats.ts";
import type { SourceBytes } from "./source.ts";

/**
 * Which kind of picture a source claims to be. What is none of the open ones reaches no decoder, not even to be asked.
 * @throws SOURCE_UNSUPPORTED for what is no kind of picture we know; SOURCE_SHUT for one that the settings do not open
 */
export function requireOpen(
  { bytes, path }: Pick<SourceBytes, "bytes" | "path">,
  open: readonly InputFormat[],
): InputFormat {
  const format = claimedFormat(bytes);
  if (format === null) throw new SpooldError("SOURCE_UNSUPPORTED", { path });
  if (!open.includes(format)) throw new SpooldError("SOURCE_SHUT", { path, format });
  return format;
}

/** Null also for a gzipped SVG: nothing tells its true size before it is unpacked. */
function claimedFormat(bytes: Buffer): InputFormat | null {
  const start = bytes.toString("latin1", 0, SVG_WITHIN);
  if (start.startsWith("\xff\xd8\xff")) return "jpeg";
  if (start.startsWith("\x89PNG\r\n\x1a\n")) return "png";
  if (/^RIFF.{4}WEBP/s.test(start)) return "webp";
  if (start.startsWith("GIF8")) return "gif";
  if (/^(II[*+]\0|MM\0[*+])/.test(start)) return "tiff";
  if (start.startsWith("ftyp", 4)) return isAvif(bytes) ? "avif" : null;
  return SVG.test(start) ? "svg" : null;
}

/** How far into a file its decoder looks for the element, in bytes. */
const SVG_WITHIN = 1_000;

/** Nothing but a byte order mark, a declaration, comments and a document type may stand before the element. */
const SVG = /^(?:\xef\xbb\xbf)?\s*<(?:svg[\s>]|(?:\?xml\s|!--|!DOCTYPE\s+svg\b).*<svg[\s>])/s;

/** The brands of an ISO media file (ISO/IEC 14496-12, 4.3): the box's size, its type, then what it is compatible with. */
function isAvif(bytes: Buffer): boolean {
  return /avif|avis/.test(bytes.toString("latin1", 8, Math.min(bytes.readUInt32BE(0), 1_024)));
}
