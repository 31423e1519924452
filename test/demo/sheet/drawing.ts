import { join } from "node:path";
import sharp, { type OverlayOptions } from "sharp";
import { letter, svg, widthOf } from "../lettering.ts";
import { PLACES } from "../places.ts";
import type { Print } from "../results.ts";
import { size } from "../tables.ts";
import { countsOf, type Gathered } from "./gathered.ts";

/** Pixels. */
const COLUMNS = 3;
const MARGIN = 44;
const HEAD = 120;
const CARD = { width: 624, height: 476, gap: 24, pad: 18 } as const;
const LARGE = 322;
const SMALL = 121;
const GAP = 12;

const INK = { bright: "#e8eaf0", dim: "#9aa3b2", glow: "#ffb066" } as const;

interface Box {
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

/** Draws the contact sheet as one PNG: no font is needed for it. */
export async function drawSheet(gathered: Gathered): Promise<void> {
  const { prints } = gathered;
  const rows = Math.ceil(prints.length / COLUMNS);
  const width = 2 * MARGIN + COLUMNS * CARD.width + (COLUMNS - 1) * CARD.gap;
  const height = HEAD + rows * (CARD.height + CARD.gap) - CARD.gap + MARGIN;
  const cards = prints.map((print, index) => {
    const x = MARGIN + (index % COLUMNS) * (CARD.width + CARD.gap);
    return cardOf(print, x, HEAD + Math.floor(index / COLUMNS) * (CARD.height + CARD.gap));
  });
  const title = letter("spoold", { x: MARGIN, y: 36, height: 30, colour: INK.bright, pen: 0.9 });
  const counts = letter(countsOf(gathered), { x: MARGIN, y: 84, height: 13, colour: INK.dim });
  const drawing = svg(width, height, [title, counts, ...cards.flatMap(({ elements }) => elements)]);
  const pictures = await Promise.all(cards.flatMap(({ pictures }) => pictures));
  await sharp({ create: { width, height, channels: 3, background: "#121419" } })
    .composite([{ input: drawing }, ...pictures])
    .png({ compressionLevel: 6 })
    .toFile(PLACES.sheet);
}

interface Card {
  readonly elements: readonly string[];
  readonly pictures: readonly Promise<OverlayOptions>[];
}

function cardOf({ order, receipt, cameAs }: Print, left: number, top: number): Card {
  const { photograph } = order;
  const x = left + CARD.pad;
  const number = String(receipt.number);
  const ms = `${Math.round(receipt.durationMs)} ms`;
  const right = left + CARD.width - CARD.pad - widthOf(ms, 13);
  const cells = [
    { file: photograph.asShot, tells: ["in the file", `EXIF ${photograph.orientation}`], colour: INK.glow },
    ...receipt.outputs.map(({ file, width, height, bytes, format }) => ({
      file,
      tells: [`${width} × ${height}`, `${format} ${size(bytes)}`],
      colour: INK.dim,
    })),
  ];
  // The first output is the large one; beside it the raw file, then the other outputs.
  const boxes = [boxAt(x, top, 1), boxAt(x, top, 0), boxAt(x, top, 2), boxAt(x, top, 3), boxAt(x, top, 4)];
  const placed = cells.flatMap((cell, index) => {
    const box = boxes[index];
    return box === undefined ? [] : [{ ...cell, box }];
  });
  return {
    elements: [
      `<rect x="${left}" y="${top}" width="${CARD.width}" height="${CARD.height}" rx="14" fill="#1d2027" stroke="#2f343e"/>`,
      letter(number, { x, y: top + 20, height: 18, colour: INK.glow, pen: 1 }),
      letter(photograph.title, { x: x + widthOf(number, 18) + 16, y: top + 22, height: 14, colour: INK.bright }),
      letter(ms, { x: right, y: top + 23, height: 13, colour: INK.dim }),
      letter(`${receipt.supplicant ?? ""} · ${cameAs}`, { x, y: top + 54, height: 11, colour: INK.dim }),
      ...placed.flatMap(({ box, tells, colour }) => caption(box, tells, colour)),
    ],
    pictures: placed.map(({ file, box }) => pictureIn(file, box)),
  };
}

/** Place 0 is the large one, 1 to 4 are the small ones beside it. */
function boxAt(left: number, top: number, place: number): Box {
  const y = top + 84;
  if (place === 0) return { x: left, y, side: LARGE };
  const column = (place - 1) % 2;
  const row = Math.floor((place - 1) / 2);
  return { x: left + LARGE + GAP + column * (SMALL + GAP), y: y + row * (SMALL + 66), side: SMALL };
}

function caption({ x, y, side }: Box, tells: readonly string[], colour: string): string[] {
  const back = `<rect x="${x}" y="${y}" width="${side}" height="${side}" rx="6" fill="#15171c"/>`;
  return [back, ...tells.map((text, line) => letter(text, { x, y: y + side + 12 + line * 20, height: 10, colour }))];
}

async function pictureIn(file: string, { x, y, side }: Box): Promise<OverlayOptions> {
  const picture = sharp(join(PLACES.home, file)).resize(side, side, { fit: "inside" });
  const { data, info } = await picture.png().toBuffer({ resolveWithObject: true });
  return { input: data, left: x + Math.floor((side - info.width) / 2), top: y + Math.floor((side - info.height) / 2) };
}
