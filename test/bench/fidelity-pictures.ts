import sharp from "sharp";
import { open } from "../support/scenery/held.ts";
import { enlarge, paintNegatives, SIZES } from "./photographs.ts";

/** A picture on which shortcuts would show. */
export interface TestPicture {
  readonly name: string;
  readonly ending: "jpg" | "png" | "webp";
  bytes(): Promise<Buffer>;
}

const SIDE = { width: 2400, height: 1800 };

/** Photographs, graphics with alpha, gradients, 16 bits, a profile. */
export function testPictures(): readonly TestPicture[] {
  const negatives = paintNegatives(3);
  const photographs = negatives.map((negative, index) => ({
    name: `photograph ${index + 1}, 12 MP`,
    ending: "jpg" as const,
    bytes: async () =>
      open(await enlarge(negative, SIZES["12 MP"]))
        .jpeg({ quality: 90 })
        .toBuffer(),
  }));
  return [
    ...photographs,
    ...photographs.slice(0, 1).map(({ bytes }) => ({
      name: "photograph 1, wide gamut (P3)",
      ending: "jpg" as const,
      bytes: async () =>
        sharp(await bytes())
          .withIccProfile("p3")
          .jpeg({ quality: 90 })
          .toBuffer(),
    })),
    { name: "graphics with alpha", ending: "png", bytes: () => sharp(Buffer.from(GRAPHICS)).png().toBuffer() },
    {
      name: "gradient, JPEG",
      ending: "jpg",
      bytes: async () =>
        sharp(await gradient())
          .jpeg({ quality: 90 })
          .toBuffer(),
    },
    { name: "gradient, 16 bits", ending: "png", bytes: gradient },
    { name: "photograph, 16 bits", ending: "png", bytes: () => deep(photographs[1]?.bytes) },
  ];
}

/** Lines, lettering and soft edges on nothing: what a shortcut that forgets about alpha would fringe. */
const GRAPHICS = `<svg xmlns="http://www.w3.org/2000/svg" width="${SIDE.width}" height="${SIDE.height}">
  <defs><radialGradient id="g"><stop offset="0" stop-color="#f40"/><stop offset="1" stop-color="#04f" stop-opacity="0"/>
  </radialGradient><pattern id="p" width="24" height="24" patternUnits="userSpaceOnUse">
  <path d="M0 24L24 0" stroke="#083" stroke-width="3"/></pattern></defs>
  <circle cx="800" cy="800" r="700" fill="url(#g)"/><rect x="1200" y="200" width="1000" height="700" fill="url(#p)"/>
  <path d="M100 1700L2300 1100M100 1600L2300 1500" stroke="#000" stroke-width="4"/>
  <circle cx="1800" cy="1300" r="350" fill="none" stroke="#c06" stroke-width="60" stroke-opacity="0.5"/></svg>`;

/** A PNG of 16 bits a channel whose colours change too slowly for 8. */
async function gradient(): Promise<Buffer> {
  const { width, height } = SIDE;
  const samples = new Uint16Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const x = (pixel % width) / width;
    const y = Math.floor(pixel / width) / height;
    samples.set([65_535 * x, 65_535 * y, 65_535 * (0.4 + 0.2 * x * y)].map(Math.round), pixel * 3);
  }
  return sharp(samples, { raw: { width, height, channels: 3 } })
    .toColourspace("rgb16")
    .png({ compressionLevel: 1 })
    .toBuffer();
}

async function deep(bytes: (() => Promise<Buffer>) | undefined): Promise<Buffer> {
  if (bytes === undefined) throw new RangeError("there is no photograph");
  // Resized in 16 bits, so that the lower eight are not empty.
  return sharp(await bytes())
    .pipelineColourspace("rgb16")
    .resize(SIDE.width, SIDE.height)
    .toColourspace("rgb16")
    .png({ compressionLevel: 1 })
    .toBuffer();
}
