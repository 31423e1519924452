/** What a process takes of the machine, as /proc tells (Linux). */
import { readFile } from "node:fs/promises";
import { type Descriptors, descriptorsOf } from "../../support/descriptors.ts";

export interface Sample extends Descriptors {
  /** ms since epoch. */
  readonly atMs: number;
  /** All that is resident, in MiB. */
  readonly rssMib: number;
  /** Of that, what no other process shares. */
  readonly privateMib: number;
}

export async function sampleOf(pid: number): Promise<Sample> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  return {
    atMs: Date.now(),
    rssMib: mibIn(status, "VmRSS"),
    privateMib: mibIn(rollup, "Private_Clean") + mibIn(rollup, "Private_Dirty"),
    ...(await descriptorsOf(pid)),
  };
}

function mibIn(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? Number.NaN) / 1_024;
}

/** No more pairs than these are compared: of an hour's samples all. */
const MOST_POINTS = 1_000;

/**
 * How fast a value grows: the median of the slopes of all pairs (Theil and Sen), which single peaks do not move.
 * @returns per hour; NaN of fewer than two samples
 */
export function slopePerHour(samples: readonly Sample[], value: (sample: Sample) => number): number {
  const step = Math.ceil(samples.length / MOST_POINTS);
  const points = samples.filter((_sample, index) => index % step === 0);
  const slopes: number[] = [];
  for (const [index, later] of points.entries())
    for (const earlier of points.slice(0, index))
      slopes.push((value(later) - value(earlier)) / ((later.atMs - earlier.atMs) / 3_600_000));
  return medianOf(slopes);
}

/** @returns NaN of nothing */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
