/** Pictures that claim one size outside and another inside: what is checked must be what is decoded. */
import sharp, { type Sharp } from "sharp";
import { gifOf } from "./chunks.ts";

const teal = (side: number, background = "teal"): Sharp =>
  sharp({ create: { width: side, height: side, channels: 4, background } });

/** A GIF whose screen has one pixel, and whose frame has 81 million. */
export function frameBeyondScreen(): Buffer {
  const bytes = gifOf(1);
  const frame = bytes.indexOf(Buffer.from([0x2c, 0, 0, 0, 0]));
  for (const at of [frame + 5, frame + 7]) bytes.writeUInt16LE(9_000, at);
  return bytes;
}

/** An AVIF of 32 megapixels whose extents say 64x64. */
export async function smallOutside(): Promise<Buffer> {
  const bytes = await teal(5_700).removeAlpha().avif({ effort: 0 }).toBuffer();
  for (let at = bytes.indexOf("ispe"); at >= 0; at = bytes.indexOf("ispe", at + 1))
    for (const side of [at + 8, at + 12]) bytes.writeUInt32BE(64, side);
  return bytes;
}

/** A TIFF of 64x64 whose strip is a JPEG that claims four gigapixels. */
export async function hugeInside(): Promise<Buffer> {
  const bytes = await teal(64).removeAlpha().tiff({ compression: "jpeg" }).toBuffer();
  const frame = bytes.indexOf(Buffer.from([0xff, 0xc0, 0x00, 0x11]));
  for (const at of [frame + 5, frame + 7]) bytes.writeUInt16BE(65_500, at);
  return bytes;
}

/** A WebP whose canvas is 64x64, and whose key frame (RFC 6386, 9.1) is as large as one can be. */
export async function frameBeyondCanvas(): Promise<Buffer> {
  const bytes = await teal(64, "#00808080").webp({ quality: 50 }).toBuffer();
  const start = bytes.indexOf(Buffer.from([0x9d, 0x01, 0x2a]));
  for (const at of [start + 3, start + 5]) bytes.writeUInt16LE(16_383, at);
  return bytes;
}
