import type { Metadata } from "sharp";
import { openPicture } from "./decoders.ts";

/** How a source lies in its file, as far as it matters for the memory that its decoding takes. */
export interface Storage {
  /** Of the file. */
  readonly bytes: number;
  readonly channels: number;
  readonly bytesPerChannel: number;
  /** Whether its decoder must hold all of it: a progressive JPEG, an interlaced PNG. */
  readonly isProgressive: boolean;
}

/** Reads from a picture's header how it is stored. To be called after `readHeader`, which says whether it may be opened. */
export async function readStorage(bytes: Buffer): Promise<Storage> {
  const { channels, depth, isProgressive } = await openPicture(bytes, false).metadata();
  return { bytes: bytes.length, channels, bytesPerChannel: BYTES[depth] ?? 1, isProgressive: isProgressive ?? false };
}

const BYTES: Readonly<Partial<Record<Metadata["depth"], number>>> = { ushort: 2, short: 2, uint: 4, int: 4, float: 4 };
