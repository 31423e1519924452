import type { NewTask } from "../../src/index.ts";

/** One size to make of a picture, as JPEG: the same words for a task and for a loop written by hand. */
export interface Size {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly fit: "inside" | "cover";
  readonly quality: number;
}

/** The four sizes of the gallery. */
export const GALLERY: readonly Size[] = [
  { name: "1600", width: 1600, height: 1600, fit: "inside", quality: 80 },
  { name: "800", width: 800, height: 800, fit: "inside", quality: 80 },
  { name: "400", width: 400, height: 400, fit: "inside", quality: 80 },
  { name: "120", width: 120, height: 120, fit: "cover", quality: 80 },
];

/** As many tasks as asked for, over the pictures in turn; no two write the same file. */
export function tasksFor(pictures: readonly string[], count: number, sizes: readonly Size[]): readonly NewTask[] {
  return inTurn(pictures, count).map((source, index) => ({
    source,
    outputs: sizes.map(({ name, ...size }) => ({ file: `made/${index + 1}-${name}.jpg`, ...size })),
    supplicant: "bench",
    summary: `picture ${index + 1}`,
  }));
}

/** The pictures over and over, until there are enough. */
export function inTurn(pictures: readonly string[], count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => pictures[index % pictures.length] ?? "");
}
