import { bell, chance } from "./chance.ts";
import { type Colour, dim, mix, rgb, softStep } from "./colour.ts";
import type { Noise } from "./noise.ts";
import type { Ridge, Scene } from "./scene.ts";

/** One ridge of a scene; lengths in picture heights. */
export interface Ground {
  readonly ridge: Ridge;
  /** Where its crest is, for each column of the picture. */
  readonly crest: Float64Array;
  readonly colourAt: (x: number, y: number, crest: number) => Colour;
}

/** @param size of the picture in pixels */
export function groundOf(
  scene: Scene,
  ridge: Ridge,
  index: number,
  noise: Noise,
  size: { readonly width: number; readonly height: number },
): Ground {
  const from = index * 2.37 + scene.zenith.b / 40;
  const crest = new Float64Array(size.width);
  for (let column = 0; column < size.width; column++) {
    const x = column / size.height;
    const line = noise(x * ridge.lumps + from, from) - 0.5;
    const crags = ridge.cover === "dunes" || ridge.cover === "meadow" ? 0 : noise(x * ridge.lumps * 7, from) - 0.5;
    crest[column] = ridge.crest + ridge.rise * (sharpened(line, ridge) + 0.1 * crags);
  }
  if (ridge.cover === "firs") plantFirs(crest, ridge, size.height, index);
  return { ridge, crest, colourAt: surface(scene, ridge, noise, from, size.width / size.height) };
}

/** Peaks stand where hills would have rounded tops. */
function sharpened(line: number, { cover }: Ridge): number {
  return cover === "snow" || cover === "crags" ? 1.6 * Math.abs(line) - 0.5 + 0.5 * line : line * 1.5;
}

function plantFirs(crest: Float64Array, { rise }: Ridge, height: number, index: number): void {
  const random = chance(900 + index);
  const ground = Float64Array.from(crest);
  for (let tree = 0; tree < crest.length / 14; tree++) {
    const middle = Math.floor(random() * crest.length);
    const tall = rise * (0.55 + 0.35 * Math.abs(bell(random))) * height;
    const half = tall * 0.19;
    for (let step = Math.ceil(-half); step <= half; step++) {
      const column = middle + step;
      const floor = ground[column];
      if (floor === undefined) continue;
      // Branches hang in tiers, wider ones lower.
      const taper = 1 - Math.abs(step) / half;
      const tiers = 0.07 * Math.sin(taper * 26) + 0.05 * random();
      crest[column] = Math.min(crest[column] ?? 1, floor - ((taper + tiers * (1 - taper)) * tall) / height);
    }
  }
}

/** Slopes are lit from the side of the sun, by the difference of the noise along that direction. */
function surface(scene: Scene, ridge: Ridge, noise: Noise, from: number, aspect: number): Ground["colourAt"] {
  const { haze, light } = scene;
  const { cover, colour, distance } = ridge;
  const white = mix(rgb(0xf4f6ff), light.colour, 0.25);
  const side = Math.sign(light.x * aspect - aspect / 2) * 0.02 || 0.02;
  const grain = { slopes: 3.4, crags: 2.6, snow: 3, dunes: 1.4, meadow: 5, firs: 12 }[cover];
  return (x, y, crest) => {
    const below = y - crest;
    // A meadow lies flat, so its lumps shrink towards the horizon; the others stand upright before the eye.
    const u = cover === "meadow" ? ((x - aspect / 2) * grain) / (0.12 + 1.6 * below) + from : x * grain + from;
    const v = cover === "meadow" ? 2.4 * Math.log(0.1 + below) : y * grain * (cover === "dunes" ? 3 : 1);
    const height = noise(u, v);
    const relief = (height - noise(u + side * grain, v - 0.016 * grain)) * 3.4;
    const ripples = cover === "dunes" ? 0.05 * Math.sin((y * 300 + 40 * noise(x * 3, y * 6)) * (1 - below)) : 0;
    const blades = cover === "meadow" ? 0.5 * (noise(x * 34, y * 5) - 0.5) : 0;
    let ground = colour;
    if (cover === "snow") {
      const line = 0.1 + 0.3 * (height - 0.5) - relief * 0.1;
      ground = mix(white, colour, softStep(line - 0.02, line + 0.05, below));
    }
    if (cover === "meadow") ground = mix(colour, light.colour, Math.max(0, 0.5 * (height - 0.45) + blades * 0.5));
    const lit = dim(ground, 0.92 + relief + ripples + blades + 0.35 * (height - 0.5));
    return mix(lit, haze, Math.min(0.96, distance + softStep(0, 0.28, below) * distance * 0.8));
  };
}
