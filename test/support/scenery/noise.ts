import { chance } from "./chance.ts";

/** Smooth noise, about 0 to 1 with a mean of 0.5. One unit is the size of the coarsest lump. */
export type Noise = (x: number, y: number) => number;

const SIDE = 1024;
const MASK = SIDE - 1;
/** Lumps along one side in the coarsest layer; each further layer has twice as many at half the strength. */
const COARSEST = 8;
const LAYERS = 6;

/**
 * Noise at several scales, as clouds, slopes and water have it (fractal value noise). Laid down once as a tile that
 * fits to itself, then looked up, because a picture asks for it some ten million times.
 */
export function layeredNoise(seed: number): Noise {
  const tile = layTile(seed);
  const at = (column: number, row: number): number => tile[((row & MASK) << 10) | (column & MASK)] ?? 0;
  const texels = SIDE / COARSEST;
  return (x, y) => {
    const u = x * texels;
    const v = y * texels;
    const column = Math.floor(u);
    const row = Math.floor(v);
    const right = u - column;
    const down = v - row;
    const above = at(column, row) * (1 - right) + at(column + 1, row) * right;
    const below = at(column, row + 1) * (1 - right) + at(column + 1, row + 1) * right;
    return above * (1 - down) + below * down;
  };
}

function layTile(seed: number): Float32Array {
  const random = chance(seed);
  const tile = new Float32Array(SIDE * SIDE);
  let strength = 0.5;
  for (let layer = 0, lumps = COARSEST; layer < LAYERS; layer++, lumps *= 2, strength /= 2) {
    const lattice = Float32Array.from({ length: lumps * lumps }, random);
    addLayer(tile, lattice, lumps, strength);
  }
  return tile;
}

function addLayer(tile: Float32Array, lattice: Float32Array, lumps: number, strength: number): void {
  const step = lumps / SIDE;
  for (let row = 0; row < SIDE; row++) {
    const y = Math.floor(row * step);
    const down = smooth(row * step - y);
    const upper = y * lumps;
    const lower = ((y + 1) % lumps) * lumps;
    for (let column = 0; column < SIDE; column++) {
      const x = Math.floor(column * step);
      const right = smooth(column * step - x);
      const next = (x + 1) % lumps;
      const above = (lattice[upper + x] ?? 0) * (1 - right) + (lattice[upper + next] ?? 0) * right;
      const below = (lattice[lower + x] ?? 0) * (1 - right) + (lattice[lower + next] ?? 0) * right;
      const index = row * SIDE + column;
      tile[index] = (tile[index] ?? 0) + strength * (above * (1 - down) + below * down);
    }
  }
}

function smooth(t: number): number {
  return t * t * (3 - 2 * t);
}
