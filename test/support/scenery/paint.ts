import { add, type Colour, dim, mix, softStep } from "./colour.ts";
import { type Ground, groundOf } from "./ground.ts";
import type { Noise } from "./noise.ts";
import type { Scene } from "./scene.ts";
import { skyOf } from "./sky.ts";

/** Pixels, three bytes each, row by row from the top. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8ClampedArray;
}

/** Paints a scene upright: sky, then ridges, then the water in which both are seen again. */
export function paint(scene: Scene, noise: Noise, size: { readonly width: number; readonly height: number }): Canvas {
  const { width, height } = size;
  const pixels = new Uint8ClampedArray(width * height * 3);
  const sky = skyOf(scene, noise, width / height);
  const grounds = scene.ridges.map((ridge, index) => groundOf(scene, ridge, index, noise, size)).toReversed();
  const shore = Math.floor((scene.water?.level ?? 2) * height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const x = column / height;
      const y = row / height;
      const ground = grounds.find(({ crest }) => y >= (crest[column] ?? 1));
      const isWater = row >= shore && (ground === undefined || isBehindWater(ground, scene));
      const colour = isWater
        ? reflection(scene, noise, { width, height, pixels }, column, row, shore)
        : (ground?.colourAt(x, y, ground.crest[column] ?? 1) ?? sky(x, y));
      put(pixels, row * width + column, isWater ? colour : vignetted(colour, column / width, y));
    }
  }
  return { width, height, pixels };
}

/** A ridge whose crest runs below the shore line is the bank on which the photographer stands. */
function isBehindWater({ ridge }: Ground, { water }: Scene): boolean {
  return ridge.crest < (water?.level ?? 0);
}

/** What stands above the shore, upside down, shaken by ripples that are longer nearer by. */
function reflection(
  { water, light }: Scene,
  noise: Noise,
  canvas: Canvas,
  column: number,
  row: number,
  shore: number,
): Colour {
  const { width, height } = canvas;
  const depth = (row - shore) / height;
  const x = column / height;
  const ripple = noise(x * 2.2, depth * 26) - 0.5 + 0.4 * (noise(x * 9, depth * 90) - 0.5);
  const fromRow = Math.round(shore - 1 - (row - shore) * 1.05 - ripple * (8 + 150 * depth));
  const fromColumn = Math.round(column + ripple * (4 + 60 * depth));
  const inside = Math.min(shore - 1, Math.max(0, fromRow)) * width + Math.min(width - 1, Math.max(0, fromColumn));
  const seen = pixelAt(canvas.pixels, inside);
  const tinted = mix(dim(seen, 0.86), water?.tint ?? seen, 0.12 + 0.75 * softStep(0, 0.7, depth));
  const path = Math.exp(-(((column / width - light.x) / (0.05 + 0.3 * depth)) ** 2));
  return add(tinted, light.colour, Math.max(0, ripple + 0.02) * path * light.glow * 2.2);
}

function vignetted(colour: Colour, across: number, y: number): Colour {
  const away = (across - 0.5) ** 2 + (y - 0.5) ** 2;
  return dim(colour, 1.03 - 0.42 * away);
}

function pixelAt(pixels: Uint8ClampedArray, index: number): Colour {
  return { r: pixels[index * 3] ?? 0, g: pixels[index * 3 + 1] ?? 0, b: pixels[index * 3 + 2] ?? 0 };
}

function put(pixels: Uint8ClampedArray, index: number, { r, g, b }: Colour): void {
  pixels[index * 3] = r;
  pixels[index * 3 + 1] = g;
  pixels[index * 3 + 2] = b;
}
