/** Which decoders may open a source, and how. Pictures come from strangers: what is not named here stays shut. */
import sharp, { type Sharp } from "sharp";
import { SpooldError } from "../errors.ts";
import { DEFAULT_FORMATS, INPUT_FORMATS, type InputFormat } from "../input-formats.ts";

/**
 * Makes sharp fit for untrusted pictures in a process of their own: no cache, one thread, and no decoder
 * open but those of the formats that are opened by default. To be called once, before any picture is opened.
 * @param found sharp's version, here to be tested
 * @throws SHARP_TOO_OLD with `found` and `needed`
 */
export function prepareSharp(found: string = sharp.versions.sharp): void {
  if (!isAtLeast(found, NEEDED)) throw new SpooldError("SHARP_TOO_OLD", { found, needed: NEEDED });
  // The cache would hold memory for pictures that nobody asks for again.
  sharp.cache(false);
  // There is one worker per core; more threads in each would only take turns.
  sharp.concurrency(1);
  sharp.block({ operation: ["VipsForeignLoad"] });
  openDecoders(DEFAULT_FORMATS);
}

/**
 * Opens the decoders of these formats, and the one that steps need, and shuts those of the others. What stays open is not shut for a moment: another
 * picture may be at work. All of them read from memory only: a drawing that was opened by its name could make its
 * decoder read what lies beside it.
 */
export function openDecoders(formats: readonly InputFormat[]): void {
  const open: readonly InputFormat[] = [...formats, BETWEEN_STEPS];
  const shut = INPUT_FORMATS.filter((format) => !open.includes(format));
  sharp.unblock({ operation: open.map(decoderOf) });
  sharp.block({ operation: shut.map(decoderOf) });
}

/**
 * A picture opened the one way we open pictures: upright, any fault in the data an error.
 * @param maxPixels the largest picture to open, all frames together, or false to read no more than its header
 * @param frames how many frames; there must be so many
 */
export function openPicture(bytes: Buffer, maxPixels: number | false, frames = 1): Sharp {
  return sharp(bytes, { failOn: "warning", limitInputPixels: maxPixels, pages: frames, autoOrient: true });
}

/** What a picture is while it waits for its next step; a source of this format is turned away by the header's reader. */
const BETWEEN_STEPS = "png";

/** The oldest sharp without known holes in its decoders: GHSA-rgj7-g3m4-5g8c was closed in it. */
const NEEDED = "0.35.4";

/** In libvips' words. Heif would open HEIC too, where it was built with that: the header's reader turns it away. */
const DECODERS: Readonly<Record<InputFormat, string>> = {
  jpeg: "Jpeg",
  png: "Png",
  webp: "Webp",
  gif: "Nsgif",
  tiff: "Tiff",
  avif: "Heif",
  svg: "Svg",
};

function decoderOf(format: InputFormat): string {
  return `VipsForeignLoad${DECODERS[format]}Buffer`;
}

function isAtLeast(found: string, needed: string): boolean {
  const parts = found.split(".").map((part) => Number.parseInt(part, 10));
  for (const [index, least] of needed.split(".").map(Number).entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}
