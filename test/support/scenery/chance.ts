/** Numbers that look random and are the same at each run: mulberry32. @returns uniform in [0, 1) */
export function chance(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Bell-shaped around 0 with a standard deviation of about 1: the sum of four uniform numbers. */
export function bell(random: () => number): number {
  return (random() + random() + random() + random() - 2) * 1.732;
}
