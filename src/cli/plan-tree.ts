/** A plan as people see it: a tree whose root is the source. */
import type { DirectBecause, PlannedOutput } from "../image/plan.ts";
import type { Preparation } from "../worker/perform.ts";

/** Why an output is made from the source itself, in words. */
const BECAUSE: Readonly<Record<DirectBecause, string>> = {
  kernel: "it names a kernel",
  withoutReduction: "it says withoutReduction",
  fastShrinkOnLoad: "it says fastShrinkOnLoad",
  contain: "fit contain pads it",
  entropy: "position entropy looks at the pixels",
  attention: "position attention looks at the pixels",
  rounding: "a side falls between two pixels",
  colours: "the source is not sRGB with 8 bits a channel",
  svg: "the source is a drawing, drawn anew at each size",
  tile: "tiles are written as they are made",
  webp: "the source is a WebP, which shrinks in its own way",
  animation: "it keeps several frames",
  enlarged: "it is larger than the source",
  largest: "no other output is twice as large",
};

/** One line about the source. */
export function tellSource(file: string, { bytes, header }: Pick<Preparation, "bytes" | "header">): string {
  const { format, width, height, orientation, frames } = header;
  const turned = orientation === 1 ? "" : `, stored with orientation ${orientation}`;
  const moving = frames === undefined ? "" : `, ${frames} frames`;
  return `${file}  ${format} ${width}x${height}, ${mebibytes(bytes.bytes.length)} MiB${turned}${moving}`;
}

/** One line for each output, below what it is made from. */
export function drawTree(plan: readonly PlannedOutput[], parent: number | null = null, indent = ""): readonly string[] {
  const children = [...plan.entries()].filter(([, planned]) => planned.parent === parent);
  return children.flatMap(([index, planned], at) => {
    const isLast = at === children.length - 1;
    const line = `${indent}${isLast ? "└─" : "├─"} ${tellOutput(planned)}`;
    return [line, ...drawTree(plan, index, `${indent}${isLast ? "  " : "│ "} `)];
  });
}

function tellOutput({ output, format, size, frames, because }: PlannedOutput): string {
  const sized = size === null ? "size known once it is made" : `${size.width}x${size.height}`;
  const moving = frames === 1 ? "" : `, ${frames} frames`;
  const direct = because === null ? "" : `  direct: ${BECAUSE[because]}`;
  return `${output.file}  ${format} ${sized}${moving}${direct}`;
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}
