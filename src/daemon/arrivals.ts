/**
 * Which of the tasks that a listing shows may be taken at once. Numbers appear in their order, but POSIX leaves open
 * whether a listing shows what was put there after it began: it may show a later number and miss an earlier one. What
 * an earlier listing has shown is complete up to its highest number by now. What follows on that number without a gap
 * is too, for nothing can be missing in between: so a task that comes into an idle spool is taken at the first look.
 */
export interface Arrivals {
  /**
   * To be told of each listing, once.
   * @param numbers those that it shows, as far as they are kept; in any order
   * @param highest of all that it shows; 0 when it shows none
   * @returns whether none can be missing before a number
   */
  listed(numbers: readonly number[], highest: number): (number: number) => boolean;
}

export function createArrivals(): Arrivals {
  /** The highest number that the last listing has shown. */
  let complete = 0;
  /** The same of the last listing that has shown any: a person's slip of many digits counts as long as it lies there. */
  let last = 0;
  return {
    listed(numbers, highest) {
      const [upTo, from] = [complete, last];
      const shown = new Set(numbers);
      let reach = from;
      while (shown.has(reach + 1)) reach += 1;
      complete = highest;
      if (highest > 0) last = highest;
      return (number) => number <= upTo || (number > from && number <= reach);
    },
  };
}
