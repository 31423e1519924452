import { chance } from "./chance.ts";
import { add, type Colour, mix, rgb, softStep } from "./colour.ts";
import type { Noise } from "./noise.ts";
import type { Scene } from "./scene.ts";

/** The colour of the sky at a place; lengths in picture heights. */
export type Sky = (x: number, y: number) => Colour;

/** @param aspect width of the picture in heights */
export function skyOf(scene: Scene, noise: Noise, aspect: number): Sky {
  const { zenith, horizon, light, clouds, aurora } = scene;
  const sun = { x: light.x * aspect, y: light.y };
  const stars = starsOf(scene, aspect);
  return (x, y) => {
    let colour = mix(zenith, horizon, softStep(-0.05, 0.75, y));
    const away = Math.hypot(x - sun.x, y - sun.y);
    if (aurora !== undefined) colour = add(colour, aurora, curtain(noise, x, y));
    colour = add(colour, rgb(0xffffff), stars(x, y));
    colour = add(colour, light.colour, light.glow * (0.35 * Math.exp(-away / 0.32) + 0.5 * Math.exp(-away / 0.08)));
    colour = mix(colour, add(colour, rgb(0xffffff), 0.8), softStep(light.radius, light.radius * 0.92, away));
    if (clouds === undefined) return colour;
    // Clouds lie in flatter and closer bands towards the horizon, as they do in perspective.
    const depth = 1 / (1.05 - Math.min(y, 0.7));
    const u = (x - sun.x) * 0.7 * depth + zenith.r / 9;
    const v = y * 1.5 * depth;
    const density = softStep(0.9 - clouds.cover, 1.12 - clouds.cover, noise(u, v));
    const lit = 0.8 + 2.2 * (noise(u, v) - noise(u + (sun.x - x) * 0.12, v + (sun.y - y) * 0.3));
    const shade = add(mix(zenith, clouds.colour, Math.min(1.1, lit)), light.colour, 0.35 * Math.exp(-away / 0.35));
    return mix(colour, shade, density * 0.92);
  };
}

/** Folded bands of light that hang down and fade upwards. */
function curtain(noise: Noise, x: number, y: number): number {
  const fold = noise(x * 1.6, 0.3) * 0.34 + 0.2;
  const rays = 0.55 + 0.9 * noise(x * 9, 5.5);
  const upper = Math.exp(-Math.max(0, fold - y) / 0.16) * softStep(0.06, 0, y - fold);
  const second = noise(x * 1.1 + 4, 7.7) * 0.3 + 0.36;
  const lower = Math.exp(-Math.max(0, second - y) / 0.1) * softStep(0.05, 0, y - second) * 0.6;
  return (upper + lower) * rays;
}

const CELL = 0.018;

/** At most one star in each cell of a grid, most of them faint. @returns how brightly a place shines, 0 to 1 */
function starsOf({ stars = 0 }: Scene, aspect: number): (x: number, y: number) => number {
  if (stars === 0) return () => 0;
  const random = chance(77);
  const columns = Math.ceil(aspect / CELL) + 1;
  const sky = Array.from({ length: columns * columns }, () =>
    random() < stars ? { x: random(), y: random(), power: random() ** 4 } : undefined,
  );
  return (x, y) => {
    const column = Math.floor(x / CELL);
    const row = Math.floor(y / CELL);
    const star = sky[row * columns + column];
    if (star === undefined) return 0;
    const away = Math.hypot(x / CELL - column - star.x, y / CELL - row - star.y);
    return (0.25 + star.power) * Math.exp(-((away / (0.05 + 0.06 * star.power)) ** 2));
  };
}
