import sharp from "sharp";

/** A picture at a glance: 24 by 24 grey squares, whatever its shape. */
type Glance = readonly number[];

const SIDE = 24;

/** Where the square at (column, row) of a picture comes from in the same picture held in another of the eight ways. */
const WAYS: Readonly<Record<string, (column: number, row: number) => readonly [number, number]>> = {
  upright: (column, row) => [column, row],
  mirrored: (column, row) => [SIDE - 1 - column, row],
  "upside down": (column, row) => [SIDE - 1 - column, SIDE - 1 - row],
  "upside down and mirrored": (column, row) => [column, SIDE - 1 - row],
  "on its left side": (column, row) => [SIDE - 1 - row, column],
  "on its right side": (column, row) => [row, SIDE - 1 - column],
  "on its left side and mirrored": (column, row) => [row, column],
  "on its right side and mirrored": (column, row) => [SIDE - 1 - row, SIDE - 1 - column],
};

/** How a picture lies beside one that is known to be upright, and how far it is from that one, 0 to 255. */
export interface Posture {
  readonly way: string;
  readonly distance: number;
}

/** Compares the pixels as they lie in a file, whatever its EXIF says, with an upright picture in all eight ways. */
export async function postureOf(file: string, upright: Buffer): Promise<Posture> {
  const [seen, expected] = [await glance(file), await glance(upright)];
  const postures = Object.entries(WAYS).map(([way, from]) => ({ way, distance: distance(seen, expected, from) }));
  return postures.reduce((best, posture) => (posture.distance < best.distance ? posture : best));
}

/** The part of a picture that the fit `cover` leaves of it, small. */
export async function cutTo(picture: Buffer, { width, height }: { width: number; height: number }): Promise<Buffer> {
  const scale = 240 / Math.max(width, height);
  const shape = { width: Math.round(width * scale), height: Math.round(height * scale) };
  return sharp(picture).resize(shape).png().toBuffer();
}

async function glance(picture: string | Buffer): Promise<Glance> {
  return [...(await sharp(picture).resize(SIDE, SIDE, { fit: "fill" }).greyscale().raw().toBuffer())];
}

function distance(seen: Glance, expected: Glance, from: (typeof WAYS)[string]): number {
  let sum = 0;
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const [fromColumn, fromRow] = from(column, row);
      sum += Math.abs((seen[row * SIDE + column] ?? 0) - (expected[fromRow * SIDE + fromColumn] ?? 0));
    }
  }
  return sum / (SIDE * SIDE);
}
