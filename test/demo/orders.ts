import type { NewTask } from "../../src/index.ts";
import type { Photograph } from "./photographs.ts";

/** A task that the demo asks for, by whichever door. */
export interface Order {
  readonly photograph: Photograph;
  readonly task: NewTask;
  readonly door: "enqueue()" | "drop.sh";
  /** The number that the name of the drop asks for. */
  readonly number?: number;
}

/** The first half of the film goes through `enqueue()`, the other half is dropped by `drop.sh`. */
export function ordersFor(photographs: readonly Photograph[]): readonly Order[] {
  return photographs.map((photograph) => {
    const { number } = photograph;
    if (number <= 3) return { photograph, task: galleryTask(photograph), door: "enqueue()" };
    if (number <= 6) return { photograph, task: blogTask(photograph), door: "enqueue()" };
    const order = { photograph, task: printTask(photograph), door: "drop.sh" } as const;
    return number <= 9 ? { ...order, number: number + 94 } : order;
  });
}

function galleryTask({ source, title, number }: Photograph): NewTask {
  const name = `album/${twoDigits(number)}`;
  return {
    source,
    outputs: [
      { file: `${name}-1600.jpg`, width: 1600, height: 1600, fit: "inside", quality: 80 },
      { file: `${name}-800.webp`, width: 800, height: 800, fit: "inside" },
      { file: `${name}-480.avif`, width: 480, height: 480, fit: "inside" },
      { file: `${name}-square.jpg`, width: 240, height: 240, fit: "cover" },
    ],
    supplicant: "gallery app, user alice",
    summary: `gallery sizes of ${title}`,
  };
}

function blogTask({ source, title, number }: Photograph): NewTask {
  const name = `blog/${twoDigits(number)}`;
  return {
    source,
    outputs: [
      { file: `${name}-head.jpg`, width: 1200, quality: 78 },
      { file: `${name}-card.jpg`, width: 1200, height: 630, fit: "cover" },
      { file: `${name}-list.png`, width: 200, height: 200, fit: "cover" },
    ],
    supplicant: "blog, editor bo",
    summary: `head and card for ${title}`,
  };
}

/** What `drop.sh` writes: should the two differ, the demo's check says so. */
function printTask({ source, number }: Photograph): NewTask {
  const name = `print/${twoDigits(number)}`;
  return {
    source,
    outputs: [
      { file: `${name}-wall.jpg`, width: 1600, height: 1600, fit: "inside" },
      { file: `${name}-web.webp`, width: 640, height: 640, fit: "inside" },
      { file: `${name}-frame.jpg`, width: 400, height: 300, fit: "cover" },
    ],
    supplicant: "drop.sh, by hand",
    summary: `prints of photograph ${number}`,
  };
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
