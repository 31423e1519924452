/**
 * Called between slices of work, so that others get their turn.
 * @returns false when the work is to end there
 */
export type Rest = () => Promise<boolean>;

/** So few that a slice does not hold up a process whose file system answers at once, though it may take a millisecond each. */
const SLICE = 8;

/** Does something for each, some at once, with a rest after each slice. @returns whether it came to the end */
export async function inSlices<T>(all: readonly T[], rest: Rest, work: (one: T) => Promise<void>): Promise<boolean> {
  for (let done = 0; done < all.length; done += SLICE) {
    await Promise.all(all.slice(done, done + SLICE).map(work));
    if (!(await rest())) return false;
  }
  return true;
}
