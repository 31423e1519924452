/** Files that claim more than they hold, put together byte by byte. */
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";

/** A PNG (PNG specification, 5.3) of 8 bits a channel in RGB, whose pixels and other chunks are what they are said to be. */
export function pngOf(
  size: { readonly width: number; readonly height: number },
  packed: Buffer,
  between: readonly Buffer[] = [],
): Buffer {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  header.writeUInt32BE(size.width, 0);
  header.writeUInt32BE(size.height, 4);
  const data = chunk("IDAT", packed);
  return Buffer.concat([PNG, chunk("IHDR", header), ...between, data, chunk("IEND", Buffer.alloc(0))]);
}

/** A chunk of a PNG, with its length and checksum. */
export function chunk(name: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name), content]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** So many zeros, deflated: about a thousandth of them. */
export function deflatedZeros(mebibytes: number): Buffer {
  return deflateSync(Buffer.alloc(mebibytes * 1024 * 1024), { level: 9 });
}

/** A GIF (GIF89a) of so many frames of one pixel each. */
export function gifOf(frames: number): Buffer {
  const screen = Buffer.from([1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255]);
  const control = [0x21, 0xf9, 4, 0, 10, 0, 0, 0];
  const image = [0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0];
  const frame = Buffer.from([...control, ...image]);
  return Buffer.concat([Buffer.from("GIF89a"), screen, ...Array<Buffer>(frames).fill(frame), Buffer.from([0x3b])]);
}

/** A little-endian TIFF (TIFF 6.0) with one directory of these entries: tag, type, count, value. */
export function tiffOf(entries: readonly (readonly [number, number, number, number])[], nextDirectory = 0): Buffer {
  const directory = Buffer.alloc(2 + entries.length * 12 + 4);
  directory.writeUInt16LE(entries.length, 0);
  for (const [index, [tag, type, count, value]] of entries.entries()) {
    const at = 2 + index * 12;
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(type, at + 2);
    directory.writeUInt32LE(count, at + 4);
    directory.writeUInt32LE(value, at + 8);
  }
  directory.writeUInt32LE(nextDirectory, directory.length - 4);
  return Buffer.concat([Buffer.from([0x49, 0x49, 42, 0, 8, 0, 0, 0]), directory, Buffer.alloc(64)]);
}

/** A small progressive JPEG whose frame header (ITU-T T.81, B.2.2) claims another size. */
export async function progressiveJpegOf(size: { readonly width: number; readonly height: number }): Promise<Buffer> {
  const bytes = await sharp({ create: { width: 64, height: 64, channels: 3, background: "teal" } })
    .jpeg({ progressive: true })
    .toBuffer();
  const frame = bytes.indexOf(Buffer.from([0xff, 0xc2]));
  bytes.writeUInt16BE(size.height, frame + 5);
  bytes.writeUInt16BE(size.width, frame + 7);
  return bytes;
}

/** A small AVIF whose extents (ISO/IEC 23008-12, 6.5.3) claim another size. */
export async function avifOf({ width, height }: { readonly width: number; readonly height: number }): Promise<Buffer> {
  const bytes = await sharp({ create: { width: 64, height: 64, channels: 3, background: "teal" } })
    .avif({ effort: 0 })
    .toBuffer();
  const extents = bytes.indexOf("ispe");
  bytes.writeUInt32BE(width, extents + 8);
  bytes.writeUInt32BE(height, extents + 12);
  return bytes;
}

const PNG = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
