import { join } from "node:path";
import sharp from "sharp";
import { type Film, loadFilm } from "../support/scenery/film.ts";
import { canvasOf, holdCamera, open } from "../support/scenery/held.ts";
import { layeredNoise } from "../support/scenery/noise.ts";
import { type Canvas, paint } from "../support/scenery/paint.ts";
import type { Scene } from "../support/scenery/scene.ts";
import { SCENES } from "../support/scenery/scenes.ts";
import { letter, svg, widthOf } from "./lettering.ts";
import { fromHome, PLACES } from "./places.ts";

/** A picture of 12 megapixels, as a camera would have left it. */
export interface Photograph {
  /** From 1; it stands in the picture, upright. */
  readonly number: number;
  readonly title: string;
  readonly orientation: number;
  /** As a task names it. */
  readonly source: string;
  /** A small copy with the turning left out. */
  readonly asShot: string;
  /** A small copy that was never turned: what outputs are compared with. */
  readonly upright: Buffer;
  /** Pixels, upright. */
  readonly width: number;
  readonly height: number;
}

const LONG = 4000;
const SHORT = 3000;
/** Pictures are painted at this part of their size, then enlarged; the film's grain is laid on at full size. */
const PAINTED = 0.4;
/** While one is painted, the one before is enlarged and encoded on other cores. */
const IN_FLIGHT = 3;

/** Makes the dozen. @param made is called after each */
export async function takePhotographs(made: (photograph: Photograph) => void): Promise<readonly Photograph[]> {
  const noise = layeredNoise(2009);
  const film = loadFilm(400, 8);
  const photographs: Photograph[] = [];
  const waiting = SCENES.map((scene, index) => ({ scene, number: index + 1 }));
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { scene, number } = next;
      const size = scene.isPortrait ? { width: SHORT, height: LONG } : { width: LONG, height: SHORT };
      const painted = paint(scene, noise, { width: size.width * PAINTED, height: size.height * PAINTED });
      const photograph = await develop(painted, scene, number, film);
      photographs[number - 1] = photograph;
      made(photograph);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  return photographs;
}

async function develop(painted: Canvas, scene: Scene, number: number, film: Film): Promise<Photograph> {
  const { title, orientation } = scene;
  const stamped = await stamp(painted, number);
  const held = await holdCamera(stamped, orientation);
  const name = `${String(number).padStart(2, "0")}.jpg`;
  const path = join(PLACES.photographs, name);
  const asShot = join(PLACES.asShot, name);
  await open(held).resize(320, 320, { fit: "inside" }).jpeg({ quality: 82 }).toFile(asShot);
  const scale = 1 / PAINTED;
  const large = await canvasOf(open(held).resize(held.width * scale, held.height * scale));
  film(new Uint8Array(large.pixels.buffer, large.pixels.byteOffset, large.pixels.length));
  const exif = { IFD0: { Make: "spoold", Model: "demo camera", ImageDescription: title } };
  await open(large).withExif(exif).withMetadata({ orientation }).jpeg({ quality: 88 }).toFile(path);
  return {
    number,
    title,
    orientation,
    source: fromHome(path),
    asShot: fromHome(asShot),
    upright: await open(stamped).resize(400, 400, { fit: "inside" }).png().toBuffer(),
    width: stamped.width * scale,
    height: stamped.height * scale,
  };
}

/** The number in glowing orange in the lower right corner, as cameras once printed the date. */
async function stamp(painted: Canvas, number: number): Promise<Canvas> {
  const { width, height } = painted;
  const text = String(number);
  const letters = Math.round(Math.min(width, height) * 0.13);
  const place = {
    x: width - letters * 0.5 - widthOf(text, letters),
    y: height - letters * 1.5,
    height: letters,
  };
  const glow = svg(width, height, [letter(text, { ...place, colour: "#ff5a1e", pen: 1.5 })]);
  const core = svg(width, height, [letter(text, { ...place, colour: "#ffd28a", pen: 0.75 })]);
  const soft = await sharp(glow)
    .blur(letters / 16)
    .png()
    .toBuffer();
  return canvasOf(open(painted).composite([{ input: soft }, { input: core }]));
}
