/** Whether a daemon has grown. */
import type { TortureReport } from "../torture-context.ts";
import { medianOf, type Sample, slopePerHour } from "./samples.ts";

const MOST_MIB_PER_HOUR = 2;
/** Of a shorter run a slope says nothing. */
const LONG_ENOUGH_MS = 30 * 60_000;
/** The daemon has come to its size by then. */
const SETTLED_PART = 0.25;
const MINUTE_MS = 60_000;

/**
 * @param samples taken all the while
 * @param calm taken when there was nothing left to do
 */
export function growthFaults(samples: readonly Sample[], calm: readonly Sample[], lengthMs: number): readonly string[] {
  const faults: string[] = [];
  const [first, ...later] = calm;
  for (const [index, { descriptors, watches }] of later.entries()) {
    if (first?.descriptors !== descriptors)
      faults.push(
        `at rest ${index + 1} there were ${descriptors} descriptors, and ${first?.descriptors} at the first one`,
      );
    if (first?.watches !== watches)
      faults.push(`at rest ${index + 1} there were ${watches} watches, and ${first?.watches} at the first one`);
  }
  const slope = slopePerHour(settled(samples), ({ rssMib }) => rssMib);
  if (lengthMs >= LONG_ENOUGH_MS && !(slope <= MOST_MIB_PER_HOUR))
    faults.push(`the daemon's memory grew by ${slope.toFixed(1)} MiB an hour`);
  return faults;
}

/** The figures of a run, and what was measured in each of its minutes. */
export function reportOf(
  samples: readonly Sample[],
  calm: readonly Sample[],
): Pick<TortureReport, "figures" | "series"> {
  const minuteOf = ({ atMs }: Sample): number => Math.floor((atMs - (samples[0]?.atMs ?? atMs)) / MINUTE_MS);
  const minutes = [...new Set(samples.map(minuteOf))];
  const each = (value: (sample: Sample) => number): number[] =>
    minutes.map((minute) => rounded(medianOf(samples.filter((sample) => minuteOf(sample) === minute).map(value))));
  const slope = (value: (sample: Sample) => number): number => rounded(slopePerHour(settled(samples), value));
  return {
    figures: {
      rssSlopeMibPerHour: slope(({ rssMib }) => rssMib),
      privateSlopeMibPerHour: slope(({ privateMib }) => privateMib),
      rssAtRestSlopeMibPerHour: rounded(slopePerHour(settled(calm), ({ rssMib }) => rssMib)),
      largestRssMib: rounded(Math.max(...samples.map(({ rssMib }) => rssMib))),
      descriptorsAtRest: calm[0]?.descriptors ?? 0,
      watchesAtRest: calm[0]?.watches ?? 0,
    },
    series: {
      rssMibEachMinute: each(({ rssMib }) => rssMib),
      privateMibEachMinute: each(({ privateMib }) => privateMib),
      descriptorsEachMinute: each(({ descriptors }) => descriptors),
      watchesEachMinute: each(({ watches }) => watches),
      rssMibAtRest: calm.map(({ rssMib }) => rounded(rssMib)),
      descriptorsAtRest: calm.map(({ descriptors }) => descriptors),
      watchesAtRest: calm.map(({ watches }) => watches),
    },
  };
}

function settled(samples: readonly Sample[]): readonly Sample[] {
  const [first, last] = [samples[0]?.atMs ?? 0, samples.at(-1)?.atMs ?? 0];
  return samples.filter(({ atMs }) => atMs >= first + SETTLED_PART * (last - first));
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
