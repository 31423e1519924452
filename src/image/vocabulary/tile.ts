/** Pyramids of tiles: what an output's `tile` may say, and what then lies where its `file` points. */
import type { Sharp } from "sharp";
import * as z from "zod";
import { colour } from "./colour.ts";
import { lazily } from "./lazily.ts";
import { yesOrNo } from "./values.ts";

/** How tiles may be laid out. */
export const TILE_LAYOUTS = ["dz", "zoomify", "google", "iiif", "iiif3"] as const;

/** sharp's TileOptions. */
export const tileOptions = lazily(() =>
  z.strictObject({
    size: z.int().min(1).max(8_192).optional().describe("px; default 256"),
    overlap: z
      .int()
      .min(0)
      .max(8_192)
      .optional()
      .describe("px that neighbours share, at most `size`; layout dz; default 0"),
    angle: z.literal([0, 90, 180, 270]).optional().describe("turns the picture clockwise; takes all of it into memory"),
    background: colour.optional().describe("what fills tiles at the edge and blank ones; default white"),
    depth: z
      .enum(["onepixel", "onetile", "one"])
      .optional()
      .describe("where levels end; default what the layout asks for"),
    skipBlanks: z
      .int()
      .min(-1)
      .max(65_535)
      .optional()
      .describe("leaves out tiles this near to the background; -1 none"),
    container: z.enum(["fs", "zip"]).optional().describe("a folder, or one file; default fs"),
    layout: z.enum(TILE_LAYOUTS).optional().describe("how tiles are named; default dz, Deep Zoom"),
    centre: yesOrNo.optional().describe("puts the picture in the middle of its tiles; layout google"),
    center: yesOrNo.optional().describe("the same as centre"),
    id: z
      .string()
      .regex(/^https?:\/\/[!#-;=?-[\]_a-~]{1,1000}$/, { error: "a URI that begins with https:// or http://" })
      .optional()
      .describe("where the folder will be served; layouts iiif and iiif3; default https://example.com/iiif"),
    basename: z
      .string()
      .regex(/^(?!\.)[^/\\"<>\p{Cc}]{1,200}$/u, { error: 'a name without a dot first, and without / \\ " < >' })
      .optional()
      .describe("the name inside a zip; default that of `file`"),
  }),
);

/** What an output's `tile` says. */
export type Tile = z.output<ReturnType<typeof tileOptions>>;

export type TileLayout = (typeof TILE_LAYOUTS)[number];

/** The formats that tiles may have. */
export const TILE_FORMATS = ["jpeg", "png", "webp"] as const;

/** The encoder options that sharp does not hand on to tiles. */
export const NOT_FOR_TILES: Readonly<Record<(typeof TILE_FORMATS)[number], readonly string[]>> = {
  jpeg: [],
  png: ["quality", "effort", "palette", "colours", "colors", "dither"],
  webp: ["loop", "delay"],
};

/**
 * What a pyramid is on disk: a folder of the name that `file` has; a folder and beside it the file that `file` names;
 * or that file alone.
 */
export function shapeOf({ container = "fs", layout = "dz" }: Tile): "folder" | "folder and file" | "file" {
  if (container === "zip") return "file";
  return layout === "dz" ? "folder and file" : "folder";
}

/** The folder that lies beside a `.dzi`: viewers expect this name. */
export function folderOfDzi(file: string): string {
  return file.replace(/\.dzi$/i, "_files");
}

/** Asks sharp for tiles; to be called after the encoder was. @param tile checked again, as with encoders */
export function applyTile(picture: Sharp, tile: Tile): Sharp {
  return picture.tile(tileOptions().parse(tile));
}
