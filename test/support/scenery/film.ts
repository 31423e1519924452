import { bell, chance } from "./chance.ts";

/** A prime, so that the pattern does not line up with the rows of any picture. */
const LENGTH = 1_048_573;

/** Adds the grain of a film to pixels of three bytes: lighter and darker, never coloured. In place. */
export type Film = (pixels: Uint8Array) => void;

/** @param strength standard deviation of the grain, in steps of 255 */
export function loadFilm(seed: number, strength: number): Film {
  const random = chance(seed);
  const grain = Int8Array.from({ length: LENGTH }, () => Math.round(bell(random) * strength));
  return (pixels) => {
    const clamped = new Uint8ClampedArray(pixels.buffer, pixels.byteOffset, pixels.length);
    for (let index = 0, at = 0; index < clamped.length; index += 3) {
      const step = grain[at] ?? 0;
      at = at + 1 === LENGTH ? 0 : at + 1;
      clamped[index] = (clamped[index] ?? 0) + step;
      clamped[index + 1] = (clamped[index + 1] ?? 0) + step;
      clamped[index + 2] = (clamped[index + 2] ?? 0) + step;
    }
  };
}
