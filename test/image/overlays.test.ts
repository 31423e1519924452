import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { prepareSharp } from "../../src/image/decoders.ts";
import { createOverlayReader } from "../../src/image/overlays.ts";
import { realSystem } from "../../src/system.ts";
import { DEFAULT_LIMITS } from "../support/limits.ts";
import { SVG, turnedJpeg } from "../support/pictures.ts";
import { painted, type Raster, type Steps, stepped } from "../support/stepping.ts";

beforeAll(() => prepareSharp());

const SIZE = { width: 40, height: 30 };
const WHITE = [255, 255, 255];
const RED = [255, 0, 0];
const white = (): Promise<Buffer> => painted(SIZE, () => WHITE);
const square = (side: number): Promise<Buffer> => painted({ width: side, height: side }, () => RED);
type Composite = NonNullable<Steps[number]["composite"]>;

async function marked(options: Omit<Composite, "input">, side = 10, source = white()): Promise<Raster> {
  return stepped(await source, [{ composite: { input: "mark", ...options } }], { mark: await square(side) });
}

describe("a watermark", () => {
  it("lies in the middle, where its gravity draws it, or at its place", async () => {
    const found = async (options: object, left: number, top: number): Promise<unknown> =>
      (await marked(options)).at(left, top);
    expect([await found({}, 20, 15), await found({}, 14, 9)]).toEqual([RED, WHITE]);
    expect(await found({ gravity: "southeast" }, 39, 29)).toEqual(RED);
    expect([await found({ top: 3, left: 5 }, 5, 3), await found({ top: 3, left: 5 }, 4, 3)]).toEqual([RED, WHITE]);
    expect([await found({ top: -5, left: -5 }, 4, 4), await found({ top: -5, left: -5 }, 5, 5)]).toEqual([RED, WHITE]);
  });

  it("covers everything as tiles", async () => {
    const tiled = await marked({ tile: true, gravity: "northwest" }, 7);
    for (const [left, top] of [
      [0, 0],
      [39, 29],
      [20, 3],
    ] as const)
      expect(tiled.at(left, top)).toEqual(RED);
  });

  it("shows what is below as far as its opacity lets it", async () => {
    for (const [opacity, level] of [
      [0, 255],
      [0.25, 191],
      [0.5, 127],
      [1, 0],
    ] as const)
      expect(Math.abs(((await marked({ opacity })).at(20, 15)[1] ?? -9) - level)).toBeLessThan(3);
  });

  it("is blended as asked, and leaves no transparency on a picture that has none", async () => {
    const grey = painted(SIZE, () => [100, 100, 100]);
    expect((await marked({ blend: "multiply" }, 10, grey)).at(20, 15)).toEqual([100, 0, 0]);
    expect((await marked({ blend: "dest-out" }, 10, grey)).at(20, 15)[3]).toBe(0);
    expect(
      (
        await marked(
          {},
          10,
          painted(SIZE, () => [0, 0, 0, 0]),
        )
      ).at(0, 0),
    ).toEqual([0, 0, 0, 0]);
  });

  it("has the width it is given, and is never larger than the picture", async () => {
    const wide = await marked({ width: 20, gravity: "northwest" });
    expect([wide.at(19, 19), wide.at(20, 10)]).toEqual([RED, WHITE]);
    const huge = await marked({ gravity: "northwest" }, 400);
    expect([huge.at(29, 29), huge.at(30, 10)]).toEqual([RED, WHITE]);
  });

  it("is turned upright", async () => {
    const files = { mark: await turnedJpeg(6) };
    const { at } = await stepped(await white(), [{ composite: { input: "mark", width: 30, top: 0, left: 0 } }], files);
    expect(at(3, 3)[1]).toBeLessThan(60);
    expect(at(25, 15)[1]).toBeGreaterThan(200);
  });
});

describe("lettering", () => {
  const ink = ({ bytes }: Raster): number =>
    bytes.filter((_, index) => index % 3 === 1 && (bytes[index] ?? 255) < 200).length;
  const written = async (text: NonNullable<Steps[number]["text"]>): Promise<Raster> =>
    stepped(await white(), [{ text }]);

  it("is written in black, or in its colour, as large as asked", async () => {
    const small = await written({ text: "M", size: 8 });
    const large = await written({ text: "M", size: 24, font: "sans bold" });
    expect(ink(small)).toBeGreaterThan(5);
    expect(ink(large)).toBeGreaterThan(3 * ink(small));
    const { bytes } = await written({ text: "M", size: 24, font: "sans bold", colour: "red" });
    expect(bytes.filter((level, index) => index % 3 === 0 && level < 250)).toHaveLength(0);
  });

  it("is faded by its opacity and by its colour's", async () => {
    for (const text of [
      { text: "M", size: 24, opacity: 0.5 },
      { text: "M", size: 24, colour: { r: 0, g: 0, b: 0, alpha: 0.5 } },
    ])
      expect(Math.abs(Math.min(...(await written(text)).bytes) - 127)).toBeLessThan(4);
  });

  it("is taken as it stands: markup is text", async () => {
    const plain = await written({ text: "<b>&", size: 10 });
    expect(ink(plain)).toBeGreaterThan(ink(await written({ text: "&", size: 10 })));
  });

  it("is wrapped in the picture and made to fit", async () => {
    expect(ink(await written({ text: "many words that take many lines ".repeat(5), size: 30 }))).toBeGreaterThan(0);
    expect(ink(await written({ text: "tile", size: 8, tile: true }))).toBeGreaterThan(30);
  });
});

describe("the file of an overlay", () => {
  it("lies inside the roots and obeys the limits and decoders of sources", async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "spoold-overlays-")));
    onTestFinished(() => rm(folder, { recursive: true }));
    const root = join(folder, "root");
    await mkdir(root);
    await writeFile(join(root, "logo.png"), await square(10));
    await writeFile(join(root, "logo.svg"), SVG);
    await writeFile(join(root, "big.png"), await square(11));
    await writeFile(join(folder, "secret.png"), await square(10));
    await symlink("../secret.png", join(root, "link.png"));
    const read = createOverlayReader(realSystem(), {
      roots: [root],
      limits: { ...DEFAULT_LIMITS, maxInputPixels: 100 },
    });
    expect((await read("logo.png")).equals(await square(10))).toBe(true);
    expect(await read("logo.png")).toBe(await read("logo.png"));
    for (const [path, code] of [
      ["none.png", "SOURCE_MISSING"],
      ["logo.svg", "SOURCE_SHUT"],
      ["big.png", "SOURCE_TOO_MANY_PIXELS"],
      ["link.png", "PATH_OUTSIDE_ROOTS"],
      ["../secret.png", "PATH_OUTSIDE_ROOTS"],
    ] as const)
      await expect(read(path)).rejects.toMatchObject({ code });
  });
});
