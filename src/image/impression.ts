/**
 * What a page can draw before a picture is there: its dominant colour and its ThumbHash. Both come from a sample of at
 * most 32x32 px. That is all a ThumbHash needs, which keeps seven waves a side: made from 100 px it takes ten times as
 * long. The sample is taken from pixels that the plan has in memory anyway; only where it has none is the source read
 * once more, shrunk while it loads.
 */
import { rgbaToThumbHash } from "thumbhash";
import { openPicture } from "./decoders.ts";
import { dominantColour } from "./dominant.ts";
import { type Pixels, type Sample, sampleOf } from "./sample.ts";
import type { SourceBytes } from "./source.ts";

/** A picture at a glance. */
export interface Impression {
  /** `#rrggbb` */
  readonly dominant: string;
  /** In base64. */
  readonly thumbhash: string;
}

/** Collects the impression of one source while its outputs are made. */
export interface Looker {
  /** Takes a sample of pixels that show the whole picture. Never throws. */
  look(pixels: Pixels): void;
  /**
   * The impression of what was looked at, else of the source itself. To be called when the outputs are there: a source
   * that is damaged has been told of by then.
   * @returns undefined when there is none to be had: that is no reason to fail a task whose outputs are fine
   */
  impression(): Promise<Impression | undefined>;
}

/** Looks at a source. @param maxPixels the largest picture to open */
export function lookAt(source: Pick<SourceBytes, "bytes">, maxPixels: number): Looker {
  let sample: Sample | undefined;
  return {
    look(pixels) {
      sample = sampleOf(pixels);
    },
    async impression() {
      try {
        return impressionOf(sample ?? sampleOf(await glimpse(source, maxPixels)));
      } catch {
        // The pictures that were asked for are made; whoever reads the receipt finds these two members absent.
        return undefined;
      }
    },
  };
}

/** The impression that a sample makes. */
function impressionOf(sample: Sample): Impression {
  const hash = rgbaToThumbHash(sample.width, sample.height, sample.rgba);
  return { dominant: dominantColour(sample), thumbhash: Buffer.from(hash).toString("base64") };
}

/** Small enough that JPEG and WebP decoders shrink as far as they can, and twice what a sample needs. */
const GLIMPSE = { width: 64, height: 64, fit: "inside", withoutEnlargement: true } as const;

async function glimpse({ bytes }: Pick<SourceBytes, "bytes">, maxPixels: number): Promise<Pixels> {
  const small = openPicture(bytes, maxPixels).resize(GLIMPSE).toColourspace("srgb").ensureAlpha();
  return small.raw().toBuffer({ resolveWithObject: true });
}
