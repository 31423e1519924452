/**
 * Letters as strokes of a pen, 4 wide and 6 high from their top left corner. An SVG text needs a font, which a small
 * machine may not have; these need nothing.
 */
const GLYPHS: Readonly<Record<string, string>> = {
  A: "M0 6L2 0L4 6M.8 4H3.2",
  B: "M0 0V6H2.4A1.6 1.5 0 0 0 2.4 3H0M0 0H2.2A1.5 1.5 0 0 1 2.2 3",
  C: "M4 1A2 2 0 0 0 0 2V4A2 2 0 0 0 4 5",
  D: "M0 0V6H1.6A2.4 3 0 0 0 1.6 0Z",
  E: "M3.8 0H0V6H3.8M0 3H3",
  F: "M3.8 0H0V6M0 3H3",
  G: "M4 1A2 2 0 0 0 0 2V4A2 2 0 0 0 4 4V3.2H2.4",
  H: "M0 0V6M4 0V6M0 3H4",
  I: "M2 0V6M1 0H3M1 6H3",
  J: "M3.5 0V4.3A1.7 1.7 0 0 1 .1 4.3",
  K: "M0 0V6M4 0L0 3.6M1.4 2.5L4 6",
  L: "M0 0V6H3.8",
  M: "M0 6V0L2 3.4L4 0V6",
  N: "M0 6V0L4 6V0",
  O: "M0 2A2 2 0 0 1 4 2V4A2 2 0 0 1 0 4Z",
  P: "M0 6V0H2.3A1.6 1.6 0 0 1 2.3 3.3H0",
  Q: "M0 2A2 2 0 0 1 4 2V4A2 2 0 0 1 0 4ZM2.4 4.4L4 6",
  R: "M0 6V0H2.3A1.6 1.6 0 0 1 2.3 3.3H0M2 3.3L4 6",
  S: "M3.9 1A2 1.6 0 0 0 .1 1.5C.1 3.4 4 2.6 4 4.5A2 1.6 0 0 1 0 5",
  T: "M0 0H4M2 0V6",
  U: "M0 0V4A2 2 0 0 0 4 4V0",
  V: "M0 0L2 6L4 0",
  W: "M0 0L.9 6L2 2.4L3.1 6L4 0",
  X: "M0 0L4 6M4 0L0 6",
  Y: "M0 0L2 3L4 0M2 3V6",
  Z: "M0 0H4L0 6H4",
  0: "M0 2A2 2 0 0 1 4 2V4A2 2 0 0 1 0 4Z",
  1: "M.8 1.2L2.2 0V6",
  2: "M.1 1.6A1.9 1.6 0 0 1 3.9 1.6C3.9 3.2 .8 4 0 6H4",
  3: "M.2 .9A1.9 1.5 0 1 1 2 2.9A2 1.55 0 1 1 0 5",
  4: "M3 6V0L0 4.2H4",
  5: "M3.7 0H.6L.3 2.7A2 1.8 0 1 1 0 5",
  6: "M3.4 0C1.4 .8 0 2.4 0 4.1A2 1.9 0 1 0 .3 3.2",
  7: "M0 0H4L1.4 6",
  8: "M2 2.8A1.7 1.4 0 1 1 2 0A1.7 1.4 0 1 1 2 2.8A2 1.6 0 1 1 2 6A2 1.6 0 1 1 2 2.8",
  9: "M.6 6C2.6 5.2 4 3.6 4 1.9A2 1.9 0 1 0 3.7 2.8",
  ".": "M2 5.8V6",
  ",": "M2 5.6L1.5 6.8",
  ":": "M2 1.8V2M2 5V5.2",
  "-": "M.8 3.2H3.2",
  "/": "M.2 6.4L3.8 -.4",
  "(": "M3 -.4A4 4 0 0 0 3 6.4",
  ")": "M1 -.4A4 4 0 0 1 1 6.4",
  "·": "M2 3V3.2",
  "×": "M.7 2.2L3.3 4.8M3.3 2.2L.7 4.8",
};

const ADVANCE = 5.6;

export interface Lettering {
  /** Pixels; the left end of the line and the top of its letters. */
  readonly x: number;
  readonly y: number;
  /** Height of the letters in pixels. */
  readonly height: number;
  readonly colour: string;
  /** Thickness of the pen, in sixths of the height; default 0.8. */
  readonly pen?: number;
}

/** One line of capitals as an SVG element. What has no glyph becomes a gap. */
export function letter(text: string, { x, y, height, colour, pen = 0.8 }: Lettering): string {
  const strokes = [...text.toUpperCase()].map((character, index) => {
    const glyph = GLYPHS[character];
    return glyph === undefined ? "" : `<path transform="translate(${index * ADVANCE} 0)" d="${glyph}"/>`;
  });
  const look = `fill="none" stroke="${colour}" stroke-width="${pen}" stroke-linecap="round" stroke-linejoin="round"`;
  return `<g transform="translate(${x} ${y}) scale(${height / 6})" ${look}>${strokes.join("")}</g>`;
}

/** Pixels that a line takes. */
export function widthOf(text: string, height: number): number {
  return Math.max(0, ([...text].length * ADVANCE - (ADVANCE - 4)) * (height / 6));
}

/** An SVG picture, ready for sharp. */
export function svg(width: number, height: number, elements: readonly string[]): Buffer {
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${elements.join("")}</svg>`,
  );
}
