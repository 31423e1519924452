/** Many whole numbers in little room: `[[1, 4], [6, 6]]` are 1, 2, 3, 4 and 6. */

/** The first and the last of numbers in a row. */
export type Range = readonly [first: number, last: number];

/** Numbers, in any order, as ranges: lowest first, apart from each other. */
export function rangesOf(numbers: Iterable<number>): readonly Range[] {
  return joined(Float64Array.from(numbers).sort(), (number) => [number, number]);
}

/** All numbers that are in one or the other. */
export function unionOf(some: readonly Range[], others: readonly Range[]): readonly Range[] {
  return joined(
    [...some, ...others].sort(([a], [b]) => a - b),
    (range) => range,
  );
}

/** Whether a number is in one of them. */
export function isInRanges(ranges: readonly Range[], number: number): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const [first, last] = ranges[middle] as Range;
    if (number < first) high = middle;
    else if (number > last) low = middle + 1;
    else return true;
  }
  return false;
}

/** The numbers from 1 to a last one that are in none of them. */
export function gapsIn(ranges: readonly Range[], last: number): readonly Range[] {
  const gaps: Range[] = [];
  let next = 1;
  for (const [first, end] of ranges) {
    if (first > last) break;
    if (first > next) gaps.push([next, first - 1]);
    next = end + 1;
  }
  if (next <= last) gaps.push([next, last]);
  return gaps;
}

/** All numbers, one by one. */
export function* numbersIn(ranges: readonly Range[]): Generator<number> {
  for (const [first, last] of ranges) for (let number = first; number <= last; number++) yield number;
}

/** How many numbers there are in them. */
export function countOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

/** Text of no more than this is easily read. */
const MAX_SPELLED = 160;

/** For people: `1-4, 6`; the first ones of very many. */
export function spellRanges(ranges: readonly Range[]): string {
  const spelled = ranges
    .slice(0, MAX_SPELLED)
    .map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
  const text = spelled.join(", ");
  return text.length <= MAX_SPELLED ? text : `${text.slice(0, text.lastIndexOf(",", MAX_SPELLED))}, ...`;
}

function joined<T>(sorted: Iterable<T>, rangeOf: (value: T) => Range): readonly Range[] {
  const ranges: [number, number][] = [];
  for (const value of sorted) {
    const [first, last] = rangeOf(value);
    const before = ranges.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else ranges.push([first, last]);
  }
  return ranges;
}
