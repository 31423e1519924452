import type { Fate } from "./disk.ts";

/**
 * Which part of what is loose is lost, at random: all, none, a random share, all but one, or one alone. Of a write any part
 * may be lost.
 * @param isHalved whether a rename may show both its names, which ordinary file systems do not do
 */
export function fateOf(random: () => number, isHalved = false): Fate {
  const way = random();
  const share = way < 0.15 ? 1 : way < 0.3 ? 0 : way < 0.5 ? random() : 0.5;
  let one = -1;
  return {
    change(index, of) {
      if (index === 0) one = Math.floor(random() * of);
      const isLost = way > 0.8 ? (index === one) === way > 0.9 : random() < share;
      if (!isLost) return "kept";
      return isHalved && random() < 0.5 ? "added" : "lost";
    },
    write() {
      const wish = random();
      if (wish < 0.3) return 1;
      return wish < 0.5 ? "zeros" : wish < 0.75 ? 0 : random();
    },
  };
}
