/** Pictures with something wrong, made anew from a seed and a number alone. */
import { crc32 } from "node:zlib";
import { chance } from "../../support/scenery/chance.ts";
import type { PictureSeed } from "./picture-seeds.ts";

export interface Mutant {
  readonly number: number;
  /** What it was made from and how, for reports. */
  readonly story: string;
  /** That of the picture it was made from. */
  readonly ending: string;
  readonly bytes: Buffer;
}

interface Dice {
  /** A whole number from 0 to below the limit. */
  readonly below: (limit: number) => number;
  readonly oneOf: <T>(list: readonly T[]) => T;
}

/** The mutant of this number: pictures take turns, so that all kinds come equally often. */
export function mutantOf(seeds: readonly PictureSeed[], seed: number, number: number): Mutant {
  const dice = diceOf(seed, number);
  const picture = seeds[number % seeds.length] as PictureSeed;
  const names = Array.from({ length: 1 + dice.below(3) }, () => dice.oneOf(Object.keys(MUTATIONS)));
  let bytes: Buffer = Buffer.from(picture.bytes);
  for (const name of names) bytes = MUTATIONS[name]?.(bytes, dice, dice.oneOf(seeds).bytes) ?? bytes;
  // Every second PNG gets its checksums made right again, or hardly any would come past them.
  const isMended = picture.name.endsWith(".png") && dice.below(2) === 0;
  const ending = picture.name.slice(picture.name.lastIndexOf(".") + 1);
  const story = `${picture.name}: ${names.join(", ")}${isMended ? ", checksums" : ""}`;
  return { number, story, ending, bytes: isMended ? withChecksums(bytes) : bytes };
}

type Mutation = (bytes: Buffer, dice: Dice, other: Buffer) => Buffer;

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  bits(bytes, { below }) {
    for (let count = 1 + below(16); count > 0; count--) flip(bytes, below(bytes.length), below(8));
    return bytes;
  },
  header(bytes, { below }) {
    for (let count = 1 + below(3); count > 0; count--) flip(bytes, below(Math.min(bytes.length, 64)), below(8));
    return bytes;
  },
  bytes(bytes, { below, oneOf }) {
    for (let count = 1 + below(8); count > 0; count--) put(bytes, below(bytes.length), [oneOf(EXTREME_BYTES)]);
    return bytes;
  },
  swap(bytes, { below }) {
    const [one, two] = [below(bytes.length), below(bytes.length)];
    const [first = 0, second = 0] = [bytes[one], bytes[two]];
    put(bytes, one, [second]);
    put(bytes, two, [first]);
    return bytes;
  },
  truncate: (bytes, { below }) => bytes.subarray(0, below(bytes.length)),
  cut(bytes, { below }) {
    const start = below(bytes.length);
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + 1 + below(256))]);
  },
  repeat(bytes, { below }) {
    const [start, length] = [below(bytes.length), 1 + below(256)];
    const block = bytes.subarray(start, start + length);
    return Buffer.concat([bytes.subarray(0, start), ...Array(1 + below(8)).fill(block), bytes.subarray(start)]);
  },
  move(bytes, { below }) {
    const [one, two] = [below(bytes.length), below(bytes.length)].sort((a, b) => a - b) as [number, number];
    return Buffer.concat([bytes.subarray(one, two), bytes.subarray(0, one), bytes.subarray(two)]);
  },
  garbage(bytes, { below }) {
    const tail = Buffer.from(Array.from({ length: 1 + below(512) }, () => below(256)));
    return Buffer.concat([bytes, tail]);
  },
  splice(bytes, { below }, other) {
    return Buffer.concat([bytes.subarray(0, below(bytes.length)), other.subarray(below(other.length))]);
  },
  length(bytes, { below, oneOf }) {
    const at = below(Math.max(1, Math.min(bytes.length, oneOf([64, bytes.length])) - 4));
    return put(bytes, at, oneOf(EXTREME_LENGTHS));
  },
  size: resized,
};

const EXTREME_BYTES = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff];

/** 16 and 32 bits, both ways round: none, one, the largest there are, and those just past a limit. */
const EXTREME_LENGTHS: readonly (readonly number[])[] = [
  ...[
    [0, 0],
    [0, 1],
    [1, 0],
    [0x7f, 0xff],
    [0xff, 0x7f],
    [0xff, 0xff],
    [0x40, 0x00],
  ],
  ...[
    [0, 0, 0, 0],
    [0, 0, 0, 1],
    [1, 0, 0, 0],
    [0x7f, 0xff, 0xff, 0xff],
    [0xff, 0xff, 0xff, 0x7f],
  ],
  ...[
    [0xff, 0xff, 0xff, 0xff],
    [0x80, 0, 0, 0],
    [0, 0, 0, 0x80],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
  ],
];

/** Another width or height where the header tells it. */
function resized(bytes: Buffer, { below, oneOf }: Dice): Buffer {
  const side = oneOf([0, 1, 2, 113, 4_096, 9_000, 16_383, 16_384, 50_000, 65_535]);
  const half = 2 * below(2);
  const [big, little] = [Buffer.alloc(2), Buffer.alloc(2)];
  big.writeUInt16BE(side);
  little.writeUInt16LE(side);
  const start = bytes.toString("latin1", 0, 32);
  if (start.startsWith("\x89PNG")) return put(bytes, 18 + 2 * half, [...big]);
  if (start.startsWith("GIF8")) return put(bytes, 6 + half, [...little]);
  if (start.startsWith("RIFF")) return put(bytes, start.includes("VP8X") ? 24 + 1.5 * half : 26 + half, [...little]);
  if (start.startsWith("\xff\xd8")) return put(bytes, frameOf(bytes) + 5 + half, [...big]);
  if (start.startsWith("II")) return put(bytes, tagOf(bytes, half === 0 ? 0x0100 : 0x0101) + 8, [...little, 0, 0]);
  const extents = bytes.indexOf("ispe");
  return extents < 0 ? bytes : put(bytes, extents + 10 + 2 * half, [...big]);
}

/** Where a JPEG's frame header begins: baseline or progressive. */
function frameOf(bytes: Buffer): number {
  const at = [0xc0, 0xc2].map((kind) => bytes.indexOf(Buffer.from([0xff, kind]))).filter((found) => found >= 0);
  return Math.min(...at, bytes.length);
}

/** Where a tag stands in a TIFF's directory, near enough: its number, followed by the type of a short or a long. */
function tagOf(bytes: Buffer, tag: number): number {
  const entries = [3, 4].map((type) => bytes.indexOf(Buffer.from([tag & 0xff, tag >> 8, type, 0])));
  return Math.max(...entries, 0);
}

function flip(bytes: Buffer, at: number, bit: number): void {
  put(bytes, at, [(bytes[at] ?? 0) ^ (1 << bit)]);
}

/** Writes what fits. */
function put(bytes: Buffer, at: number, values: readonly number[]): Buffer {
  for (const [offset, value] of values.entries()) if (at + offset < bytes.length) bytes[at + offset] = value;
  return bytes;
}

/** The checksum of each chunk (PNG specification, 5.3), as far as there are chunks. */
function withChecksums(bytes: Buffer): Buffer {
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at);
    if (end + 4 > bytes.length) break;
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 4, end)), end);
    at = end + 4;
  }
  return bytes;
}

function diceOf(seed: number, number: number): Dice {
  const random = chance(Math.imul(seed, 0x9e37_79b1) ^ number);
  const below = (limit: number): number => Math.floor(random() * limit);
  return { below, oneOf: (list) => list[below(list.length)] as (typeof list)[number] };
}
