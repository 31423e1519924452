/** Small whole pictures of every format that can be opened, in the forms in which they come. */
import sharp, { type Sharp } from "sharp";
import { cmykJpeg, deepPng, photograph, SVG } from "../../support/pictures.ts";

export interface PictureSeed {
  readonly name: string;
  readonly bytes: Buffer;
}

const SIZE = { width: 112, height: 80 };
const picture = (): Sharp => photograph(SIZE);
const clear = (): Sharp => picture().ensureAlpha(0.5);
const drawing = (): Sharp => picture().greyscale().threshold().toColourspace("b-w");
const EXIF = { IFD0: { Copyright: "nobody", ImageDescription: "a seed" }, IFD3: { GPSLatitude: "51/1 30/1 3230/100" } };

const XMP =
  '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>';

const MAKERS: Readonly<Record<string, () => Promise<Buffer>>> = {
  "baseline.jpg": () => picture().jpeg().toBuffer(),
  "full-colour.jpg": () => picture().jpeg({ chromaSubsampling: "4:4:4", quality: 95 }).toBuffer(),
  "progressive.jpg": () => picture().jpeg({ progressive: true }).toBuffer(),
  "cmyk.jpg": () => cmykJpeg(SIZE),
  "grey.jpg": () => picture().toColourspace("b-w").jpeg().toBuffer(),
  "exif.jpg": () => picture().withExif(EXIF).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
  "profile.jpg": () => picture().withIccProfile("p3").jpeg().toBuffer(),
  "restarts.jpg": restartedJpeg,
  "xmp.jpg": () => picture().withXmp(XMP).jpeg().toBuffer(),
  "one-pixel.jpg": () => picture().resize(1, 1).jpeg().toBuffer(),
  "one-bit.png": () => drawing().png({ palette: true, colours: 2 }).toBuffer(),
  "two-bits.png": () => picture().png({ palette: true, colours: 4 }).toBuffer(),
  "four-bits.png": () => picture().png({ palette: true, colours: 12 }).toBuffer(),
  "16-interlaced.png": () => picture().toColourspace("rgb16").png({ progressive: true }).toBuffer(),
  "8.png": () => picture().png().toBuffer(),
  "16.png": () => deepPng(SIZE),
  "palette.png": () => picture().png({ palette: true, colours: 16 }).toBuffer(),
  "interlaced.png": () => picture().png({ progressive: true }).toBuffer(),
  "alpha.png": () => clear().png().toBuffer(),
  "grey.png": () => picture().toColourspace("b-w").png().toBuffer(),
  "profile.png": () => picture().withIccProfile("p3").withExif(EXIF).png().toBuffer(),
  "lossy.webp": () => picture().webp().toBuffer(),
  "lossless.webp": () => picture().webp({ lossless: true }).toBuffer(),
  "alpha.webp": () => clear().withExif(EXIF).webp().toBuffer(),
  "animated.webp": async () => (await film()).webp({ delay: 40 }).toBuffer(),
  "animated-lossless.webp": async () =>
    (await film()).webp({ lossless: true, loop: 1 }).withIccProfile("p3").toBuffer(),
  "clear.gif": () => clear().gif().toBuffer(),
  "still.gif": () => picture().gif().toBuffer(),
  "interlaced.gif": () => picture().gif({ progressive: true }).toBuffer(),
  "animated.gif": async () => (await film()).gif({ delay: 40, loop: 2 }).toBuffer(),
  "strips.tif": () => picture().tiff({ compression: "none" }).toBuffer(),
  "tiles.tif": () => picture().tiff({ compression: "lzw", tile: true, tileWidth: 32, tileHeight: 32 }).toBuffer(),
  "lzw.tif": () => picture().tiff({ compression: "lzw", predictor: "horizontal" }).toBuffer(),
  "deflate.tif": () => picture().tiff({ compression: "deflate", predictor: "none" }).toBuffer(),
  "jpeg.tif": () => picture().tiff({ compression: "jpeg" }).toBuffer(),
  "packbits.tif": () => picture().tiff({ compression: "packbits" }).toBuffer(),
  "fax.tif": () => drawing().tiff({ compression: "ccittfax4", bitdepth: 1 }).toBuffer(),
  "big.tif": () => picture().tiff({ bigtiff: true, compression: "lzw" }).toBuffer(),
  "16.tif": () => picture().toColourspace("rgb16").tiff({ compression: "lzw" }).toBuffer(),
  "pyramid.tif": () => picture().tiff({ pyramid: true, tile: true, tileWidth: 16, tileHeight: 16 }).toBuffer(),
  "float.tif": () => picture().toColourspace("scrgb").tiff({ compression: "deflate", predictor: "float" }).toBuffer(),
  "grey.tif": () =>
    picture().toColourspace("b-w").tiff({ compression: "deflate", predictor: "none", bitdepth: 4 }).toBuffer(),
  "cmyk.tif": () => picture().toColourspace("cmyk").tiff({ compression: "lzw" }).toBuffer(),
  "grey.avif": () => picture().toColourspace("b-w").avif({ effort: 0 }).toBuffer(),
  "full-colour.avif": () => picture().withExif(EXIF).avif({ effort: 0, chromaSubsampling: "4:4:4" }).toBuffer(),
  "lossy.avif": () => picture().avif({ effort: 0 }).toBuffer(),
  "lossless.avif": () => picture().avif({ effort: 0, lossless: true }).toBuffer(),
  "alpha.avif": () => clear().avif({ effort: 0 }).toBuffer(),
  "plain.svg": async () => Buffer.from(SVG),
  "rich.svg": async () => Buffer.from(RICH_SVG),
};

/** All of them, each whole: sharp has read it. Made once: some take a while. */
export function pictureSeeds(): Promise<readonly PictureSeed[]> {
  made ??= makeAll();
  return made;
}

let made: Promise<readonly PictureSeed[]> | undefined;

async function makeAll(): Promise<readonly PictureSeed[]> {
  const seeds: PictureSeed[] = [];
  for (const [name, make] of Object.entries(MAKERS)) {
    const bytes = await make();
    await sharp(bytes, { failOn: "warning", animated: /(gif|webp)$/.test(name) }).stats();
    seeds.push({ name, bytes });
  }
  return seeds;
}

async function film(): Promise<Sharp> {
  const frames = [0, 90, 180].map((hue) => picture().modulate({ hue }).png().toBuffer());
  return sharp(await Promise.all(frames), { join: { animated: true } });
}

/**
 * A JPEG with restart markers (ITU-T T.81, B.2.4.4), which sharp does not write: rows of blocks that were encoded each
 * on its own, with the same tables, under one header.
 */
async function restartedJpeg(): Promise<Buffer> {
  const pixels = await picture().raw().toBuffer();
  const row = SIZE.width * 3 * ROW;
  const rows: Buffer[] = [];
  for (let start = 0; start < pixels.length; start += row) {
    const raw = { width: SIZE.width, height: ROW, channels: 3 as const };
    rows.push(
      await sharp(pixels.subarray(start, start + row), { raw })
        .jpeg({ optimiseCoding: false })
        .toBuffer(),
    );
  }
  const first = rows[0] ?? Buffer.alloc(0);
  const scan = first.indexOf(SCAN);
  const head = Buffer.from(first.subarray(0, scan));
  head.writeUInt16BE(SIZE.height, head.indexOf(FRAME) + 5);
  const interval = Buffer.from([0xff, 0xdd, 0, 4, 0, SIZE.width / ROW]);
  const parts = rows.flatMap((bytes, at) => {
    const coded = bytes.subarray(bytes.indexOf(SCAN) + SCAN_HEADER, -2);
    return at === 0 ? [coded] : [Buffer.from([0xff, 0xd0 + ((at - 1) % 8)]), coded];
  });
  return Buffer.concat([head, interval, first.subarray(scan, scan + SCAN_HEADER), ...parts, Buffer.from([0xff, 0xd9])]);
}

/** Pixels that a row of blocks is high, with colours at half the resolution. */
const ROW = 16;
const FRAME = Buffer.from([0xff, 0xc0]);
const SCAN = Buffer.from([0xff, 0xda, 0x00, 0x0c]);
const SCAN_HEADER = 14;

const RICH_SVG = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE svg [<!ENTITY word "spool">]>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 112 80" width="112">
<style>.a { fill: #c30; stroke: navy }</style>
<defs><linearGradient id="g"><stop offset="0" stop-color="red"/><stop offset="1" stop-opacity=".2"/></linearGradient>
<filter id="f"><feGaussianBlur stdDeviation="3"/><feOffset dx="2"/></filter>
<clipPath id="c"><circle cx="56" cy="40" r="30"/></clipPath><pattern id="p" width="9" height="9"><path d="M0 0h4v4z"/></pattern></defs>
<g transform="rotate(9 56 40) scale(1.2)"><rect class="a" width="50" height="40" filter="url(#f)"/>
<path d="M10 10 C 20 20, 40 20, 50 10 A 6 4 10 1 0 14 10 z" fill="url(#g)" clip-path="url(#c)"/></g>
<text x="9" y="60" font-size="12" fill="url(#p)">&word;</text><use xlink:href="#p"/>
<image href="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7" width="9" height="9"/></svg>
`;
