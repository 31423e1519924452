/** The formats that an output may have, each with every option of its encoder. Ranges are those that sharp enforces. */
import type { Sharp } from "sharp";
import * as z from "zod";
import { lazily } from "./lazily.ts";
import { yesOrNo } from "./values.ts";

/** One format. */
interface Encoder {
  /** The file endings that mean it. */
  readonly endings: readonly string[];
  readonly options: z.ZodObject;
  /** @param options checked again, so that what was not checked cannot reach sharp */
  apply(picture: Sharp, options: unknown): Sharp;
}

const whole = (min: number, max: number): z.ZodOptional<z.ZodInt> => z.int().min(min).max(max).optional();
const between = (min: number, max: number): z.ZodOptional<z.ZodNumber> => z.number().min(min).max(max).optional();
const flag = yesOrNo.optional();

const quality = (fallback: number) => whole(1, 100).describe(`lower is smaller and worse; default ${fallback}`);
const progressive = () => flag.describe("appears whole at once and then sharpens");
const subsampling = (fallback: string) =>
  z.enum(["4:2:0", "4:4:4"]).optional().describe(`4:2:0 halves the resolution of colour; default ${fallback}`);
const lossless = () => flag.describe("keeps every pixel");
const palette = () => whole(2, 256).describe("how many colours at most; default 256");
const dither = () => between(0, 1).describe("how much error diffusion; default 1");
const effort = (min: number, max: number, fallback: number) =>
  whole(min, max).describe(`more is smaller and slower; default ${fallback}`);
const animation = () => ({
  loop: whole(0, 65_535).describe("how often an animation plays; 0 for ever, the default"),
  delay: z
    .union([z.int().min(0).max(65_535), z.array(z.int().min(0).max(65_535)).min(1).max(10_000)], {
      error: "milliseconds from 0 to 65535, or a list of them",
    })
    .optional()
    .describe("ms between frames: for all, or one for each"),
});

const jpeg = encoder(
  [".jpg", ".jpeg"],
  () => ({
    quality: quality(80),
    progressive: progressive(),
    chromaSubsampling: subsampling("4:2:0"),
    trellisQuantisation: flag.describe("trellis quantisation"),
    overshootDeringing: flag.describe("less ringing round hard edges on white"),
    optimiseScans: flag.describe("optimises progressive scans; makes it progressive"),
    optimizeScans: flag.describe("the same as optimiseScans"),
    optimiseCoding: flag.describe("optimises Huffman tables; default true"),
    optimizeCoding: flag.describe("the same as optimiseCoding"),
    quantisationTable: whole(0, 8).describe("which quantisation table; default 0"),
    quantizationTable: whole(0, 8).describe("the same as quantisationTable"),
    mozjpeg: flag.describe("mozjpeg's defaults: smaller and slower"),
  }),
  (picture, options) => picture.jpeg(options),
);

const png = encoder(
  [".png"],
  () => ({
    progressive: progressive(),
    compressionLevel: whole(0, 9).describe("zlib's level; default 6"),
    adaptiveFiltering: flag.describe("tries every row filter"),
    quality: whole(1, 100).describe("as few colours as this quality needs; makes a palette"),
    effort: effort(1, 10, 7).describe("more is smaller and slower; default 7; makes a palette"),
    palette: flag.describe("a palette instead of true colours"),
    colours: palette().describe("how many colours at most; default 256; makes a palette"),
    colors: palette().describe("the same as colours"),
    dither: dither().describe("how much error diffusion; default 1; makes a palette"),
  }),
  (picture, options) => picture.png(options),
);

const webp = encoder(
  [".webp"],
  () => ({
    quality: quality(80),
    alphaQuality: whole(0, 100).describe("the quality of transparency; default 100"),
    lossless: lossless(),
    nearLossless: flag.describe("lossless after small changes that help; `quality` says how small"),
    smartSubsample: flag.describe("better colour at edges"),
    smartDeblock: flag.describe("better edges of low contrast; slow"),
    effort: effort(0, 6, 4),
    minSize: flag.describe("no key frames in an animation: smaller; slow"),
    mixed: flag.describe("lossy and lossless frames in one animation; slow"),
    preset: z
      .enum(["default", "photo", "picture", "drawing", "icon", "text"])
      .optional()
      .describe("what kind of picture it is; default `default`"),
    exact: flag.describe("keeps the colours of transparent pixels"),
    ...animation(),
  }),
  (picture, options) => picture.webp(options),
);

const avif = encoder(
  [".avif"],
  () => ({
    quality: quality(50),
    lossless: lossless(),
    effort: effort(0, 9, 4),
    chromaSubsampling: subsampling("4:4:4"),
    bitdepth: z.literal([8, 10, 12]).optional().describe("bits a channel; default 8"),
    tune: z.enum(["auto", "iq", "psnr", "ssim"]).optional().describe("which measure of quality it aims at"),
  }),
  (picture, options) => picture.avif(options),
);

const gif = encoder(
  [".gif"],
  () => ({
    reuse: flag.describe("keeps the source's palette if it can; default true"),
    progressive: progressive(),
    colours: palette(),
    colors: palette().describe("the same as colours"),
    effort: effort(1, 10, 7),
    dither: dither(),
    interFrameMaxError: between(0, 32).describe("how far pixels of two frames may differ and count as the same"),
    interPaletteMaxError: between(0, 256).describe("how far palettes may differ and be shared; default 3"),
    keepDuplicateFrames: flag.describe("keeps frames that are like the one before"),
    ...animation(),
  }),
  (picture, options) => picture.gif(options),
);

const tiff = encoder(
  [".tif", ".tiff"],
  () => ({
    quality: quality(80),
    // Sharp's types also know zstd and jp2k, which the build of libvips that npm installs does not.
    compression: z
      .enum(["none", "jpeg", "deflate", "packbits", "ccittfax4", "lzw", "webp"])
      .optional()
      .describe("default jpeg; ccittfax4 makes it black and white"),
    bigtiff: flag.describe("the variant for files over 4 GB"),
    predictor: z.enum(["none", "horizontal", "float"]).optional().describe("default horizontal"),
    pyramid: flag.describe("smaller versions in the same file"),
    tile: flag.describe("tiles instead of strips"),
    tileWidth: whole(16, 4_096).describe("px, a multiple of 16; default 256"),
    tileHeight: whole(16, 4_096).describe("px, a multiple of 16; default 256"),
    xres: between(0.001, 1_000_000).describe("pixels a millimetre; default 1"),
    yres: between(0.001, 1_000_000).describe("pixels a millimetre; default 1"),
    bitdepth: z
      .literal([1, 2, 4])
      .optional()
      .describe("so few bits a pixel: makes it grey; not for pictures with transparency"),
    miniswhite: flag.describe("0 is white, with 1 bit"),
    resolutionUnit: z.enum(["inch", "cm"]).optional().describe("the unit written beside xres and yres"),
  }),
  (picture, options) => {
    const { compression, bitdepth = compression === "ccittfax4" ? 1 : undefined } = options;
    if (bitdepth === undefined) return picture.tiff(options);
    // Libvips packs a single channel only, does not say so when there are more, and knows no predictor for it.
    return picture.toColourspace("b-w").tiff({ predictor: "none", ...options, bitdepth });
  },
);

/** Every format by its name. */
export const ENCODERS = { jpeg, png, webp, avif, gif, tiff } as const;

export type Format = keyof typeof ENCODERS;

export const FORMATS = Object.keys(ENCODERS) as [Format, ...Format[]];

function encoder<Shape extends z.ZodRawShape>(
  endings: readonly string[],
  shape: () => Shape,
  apply: (picture: Sharp, options: z.output<z.ZodObject<Shape, z.core.$strict>>) => Sharp,
): Encoder & { readonly options: z.ZodObject<Shape, z.core.$strict> } {
  const options = lazily(() => z.strictObject(shape()));
  return {
    endings,
    get options() {
      return options();
    },
    apply: (picture, value) => apply(picture, options().parse(value)),
  };
}
