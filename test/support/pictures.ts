/** Makers of pictures, so that the tests need no files but their own. */
import sharp, { type Sharp } from "sharp";

interface Size {
  readonly width: number;
  readonly height: number;
}

type Rgb = readonly [red: number, green: number, blue: number];

/** Something like a photograph: gradients with noise, so that qualities and crops make a difference. */
export function photograph({ width, height }: Size): Sharp {
  const pixels = Buffer.alloc(width * height * 3);
  // A fixed linear congruential generator (Numerical Recipes' constants): the same picture in every run.
  let state = 1;
  for (let at = 0; at < pixels.length; at += 3) {
    const x = (at / 3) % width;
    const y = Math.floor(at / 3 / width);
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    const noise = (state >>> 26) - 32;
    pixels[at] = within((255 * x) / width + noise);
    pixels[at + 1] = within((255 * y) / height + noise);
    pixels[at + 2] = within(128 + 64 * Math.sin(x / 7) * Math.cos(y / 11) + noise);
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

/** A whole JPEG of a photograph. Each size is made once in a process: many tests begin with the same one. */
export async function photographJpeg({ width, height }: Size = { width: 320, height: 240 }): Promise<Buffer> {
  const size = `${width}x${height}`;
  const made = photographs.get(size) ?? photograph({ width, height }).jpeg({ quality: 90 }).toBuffer();
  photographs.set(size, made);
  return Buffer.from(await made);
}

const photographs = new Map<string, Promise<Buffer>>();

/**
 * A JPEG whose pixels are stored turned, and whose EXIF orientation says how: upright it is 120x80, white, with a
 * red quarter at the top left.
 */
export async function turnedJpeg(orientation: number): Promise<Buffer> {
  const upright = await marked({ width: 120, height: 80 }).png().toBuffer();
  const stored = TURNS[orientation]?.(sharp(upright)) ?? sharp(upright);
  return stored.withMetadata({ orientation }).jpeg({ quality: 95, chromaSubsampling: "4:4:4" }).toBuffer();
}

/** A picture with a red quarter at the top left; the rest is white. */
export function marked({ width, height }: Size): Sharp {
  const corner = { create: { width: width / 2, height: height / 2, channels: 3 as const, background: "red" } };
  return sharp({ create: { width, height, channels: 3, background: "white" } }).composite([
    { input: corner, left: 0, top: 0 },
  ]);
}

/** A PNG whose left half is half-transparent blue, and whose right half is solid green. */
export function alphaPng({ width, height }: Size = { width: 64, height: 64 }): Promise<Buffer> {
  const pixels = Buffer.alloc(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    pixels.set(pixel % width < width / 2 ? [0, 0, 255, 128] : [0, 128, 0, 255], pixel * 4);
  }
  return sharp(pixels, { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer();
}

/** A PNG with 16 bits a channel. */
export function deepPng(size: Size = { width: 64, height: 48 }): Promise<Buffer> {
  return photograph(size).toColourspace("rgb16").png().toBuffer();
}

/** A JPEG in CMYK with a profile. */
export function cmykJpeg(size: Size = { width: 120, height: 80 }): Promise<Buffer> {
  return marked(size).toColourspace("cmyk").withIccProfile("cmyk").jpeg({ quality: 95 }).toBuffer();
}

/** An animated GIF: a red frame, then a green one. */
export async function animatedGif({ width, height }: Size = { width: 40, height: 30 }): Promise<Buffer> {
  const frame = (background: string): Promise<Buffer> =>
    sharp({ create: { width, height, channels: 3, background } })
      .png()
      .toBuffer();
  return sharp([await frame("red"), await frame("lime")], { join: { animated: true } })
    .gif()
    .toBuffer();
}

/** The text of an SVG picture. */
export const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><rect width="40" height="30"/></svg>';

/** The colour of one pixel of an encoded picture, after any transparency is taken away. */
export async function pixelAt(picture: Buffer, left: number, top: number): Promise<Rgb> {
  const pixels = await sharp(picture)
    .extract({ left, top, width: 1, height: 1 })
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer();
  return [pixels[0] ?? -1, pixels[1] ?? -1, pixels[2] ?? -1];
}

/** Whether two colours are the same to the eye of a test: lossy formats move them a little. */
export function isNear(found: Rgb, wanted: Rgb, tolerance = 24): boolean {
  return found.every((value, channel) => Math.abs(value - (wanted[channel] ?? 0)) <= tolerance);
}

/** How to store an upright picture so that its orientation turns it upright again. */
const TURNS: Readonly<Record<number, (upright: Sharp) => Sharp>> = {
  2: (upright) => upright.flop(),
  3: (upright) => upright.rotate(180),
  4: (upright) => upright.flip(),
  5: (upright) => upright.flip().rotate(90),
  6: (upright) => upright.rotate(270),
  7: (upright) => upright.flip().rotate(270),
  8: (upright) => upright.rotate(90),
};

function within(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)));
}
