import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import sharp from "sharp";
import type { NewTask } from "../../../src/index.ts";
import type { Ending } from "../../../src/spool/endings.ts";

/** One word for how a task ended: `done`, `cancelled`, or the code of its error. */
export function verdictOf(end: Ending | null): string {
  if (end === null) return "never ended";
  return end.kind === "failed" ? end.reason.error.code : end.kind;
}

/** How many attempts took a worker down. */
export function crashesOf(end: Ending | null): number {
  if (end === null) return 0;
  if (end.kind !== "failed") return end.receipt.attempts - 1;
  return end.reason.attempts.filter(({ outcome }) => outcome === "crashed").length;
}

/** What one task's end says against what is promised. @param end null when it has not ended; outputs lie in `made/` */
export async function faultsIn(directory: string, end: Ending | null, task: NewTask): Promise<string[]> {
  if (end === null) return ["its task did not end"];
  const there = await readdir(join(directory, "made"));
  const names = task.outputs.map(({ file }) => basename(file));
  if (end.kind === "failed") {
    const left = names.filter((name) => there.includes(name));
    return left.length === 0 ? [] : [`failed with ${end.reason.error.code}, and yet left ${left.join(", ")}`];
  }
  const faults = names.filter((name) => !there.includes(name)).map((name) => `done, and yet ${name} is not there`);
  for (const { path, width, height } of end.receipt.outputs) {
    try {
      const { info } = await sharp(await readFile(path), { failOn: "warning", animated: true })
        .raw()
        .toBuffer({ resolveWithObject: true });
      if (info.width !== width || (info.pageHeight ?? info.height) !== height)
        faults.push(`done, but ${path} has another size`);
    } catch (error) {
      faults.push(`done, but ${path} does not decode: ${String(error)}`);
    }
  }
  return faults;
}
