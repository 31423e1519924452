import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { prepareSharp } from "../../src/image/decoders.ts";
import { publicationsOf, resolveDestination } from "../../src/image/destinations.ts";
import { publish } from "../../src/image/publish.ts";
import { type FileSystem, realSystem, type System } from "../../src/system.ts";
import { checkPictureTask } from "../../src/task/parse.ts";
import type { Output } from "../../src/task/task.ts";
import { perform } from "../../src/worker/perform.ts";
import type { PreparedOutput, RunResult } from "../../src/worker/protocol.ts";
import { names, newDirectory, put } from "../support/directories.ts";
import { DEFAULT_LIMITS } from "../support/limits.ts";
import { animatedGif, photograph, photographJpeg } from "../support/pictures.ts";
import { realName } from "../support/real-name.ts";
import { filesBelow } from "../support/tiles.ts";
import { SILENT } from "../support/workers.ts";

const system = realSystem();
const SIZE = { width: 700, height: 500 };
const FORMATS = ["jpeg", "png", "webp"] as const;
let root: string;

beforeAll(() => prepareSharp());

beforeEach(async () => {
  root = await newDirectory();
  await photograph(SIZE).png().toFile(join(root, "cat.png"));
});

describe("a pyramid is", () => {
  it("for Deep Zoom a folder of levels and a .dzi, and each tile shows its part of the picture", async () => {
    const tile = { size: 256, overlap: 1, layout: "dz" } as const;
    const output = await made({ file: "deep/cat.dzi", tile, format: "png" });
    expect(output).toMatchObject({ ...SIZE, path: join(root, "deep/cat.dzi"), format: "png" });
    expect(output.tiles).toEqual({ layout: "dz", files: 18, folder: join(root, "deep/cat_files") });
    expect(await readFile(join(root, "deep/cat.dzi"), "utf8")).toMatch(/Format="png"\s+Overlap="1"\s+TileSize="256"/);
    const files = await filesBelow(join(root, "deep"));
    expect(files.filter((name) => name.startsWith("cat_files/10/"))).toEqual(
      ["0_0", "0_1", "1_0", "1_1", "2_0", "2_1"].map((name) => `cat_files/10/${name}.png`),
    );
    expect(files.filter((name) => !/^cat(_files\/\d+\/\d+_\d+\.png|\.dzi)$/.test(name))).toEqual([]);
    await expectPart("deep/cat_files/10/1_0.png", { left: 255, top: 0, width: 258, height: 257 });
    const half = await photograph(SIZE).resize(350, 250, { kernel: "linear" }).raw().toBuffer();
    expect(meanDifference(await pixelsOf("deep/cat_files/9/0_0.png"), half, 257, 350)).toBeLessThan(12);
  });

  it("for Zoomify groups of tiles and ImageProperties.xml", async () => {
    const output = await made({ file: "zoom/cat", tile: { layout: "zoomify" }, format: "png" });
    expect(output.tiles).toEqual({ layout: "zoomify", files: 10, folder: join(root, "zoom/cat") });
    const files = await filesBelow(join(root, "zoom"));
    expect(files.filter((name) => !/^cat\/TileGroup0\/[012]-\d-\d\.png$/.test(name))).toEqual([
      "cat/ImageProperties.xml",
    ]);
    await expectPart("zoom/cat/TileGroup0/2-2-1.png", { left: 512, top: 256, width: 188, height: 244 });
  });

  it("for Google levels of rows of columns, the tile for what is blank among them", async () => {
    await made({ file: "map", tile: { layout: "google" }, format: "webp", encode: { lossless: true } });
    expect(await filesBelow(join(root, "map"))).toEqual([
      ...["0/0/0", "1/0/0", "1/0/1", "2/0/0", "2/0/1", "2/0/2", "2/1/0", "2/1/1", "2/1/2"].map((at) => `${at}.webp`),
      "blank.png",
    ]);
    await expectPart("map/2/0/1.webp", { left: 256, top: 0, width: 256, height: 256 });
    expect((await sharp(await readFile(join(root, "map/2/1/2.webp"))).metadata()).width).toBe(256);
  });

  it.each([
    ["iiif3", "512,256,188,244/188,244", "id"],
    ["iiif", "512,256,188,244/188,", "@id"],
  ] as const)(
    "for %s regions at sizes and info.json, whose id ends in the folder's name",
    async (layout, part, word) => {
      const tile = { layout, id: "https://example.org/pictures" };
      await made({ file: 'iiif/a "cat"', tile, format: "png" });
      const folder = join(root, 'iiif/a "cat"');
      const info = JSON.parse(await readFile(join(folder, "info.json"), "utf8"));
      expect(info).toMatchObject({ [word]: "https://example.org/pictures/a%20%22cat%22", ...SIZE });
      expect(await names(root)).toEqual(["cat.png", "iiif"]);
      await expectPart(`iiif/a "cat"/${part}/0/default.png`, { left: 512, top: 256, width: 188, height: 244 });
    },
  );

  it.each(["zip", "szi"])("as .%s one file that holds them all under its own name", async (ending) => {
    const file = `deep/cat.${ending}`;
    const output = await made({ file, tile: { container: "zip" } });
    expect(output).toMatchObject({ ...SIZE, tiles: { layout: "dz", files: 1, folder: null } });
    const bytes = await readFile(join(root, file));
    expect(bytes.length).toBe(output.bytes);
    expect(shell(`$SUM ${file}`)).toBe(`${output.sha256}  ${file}`);
    for (const name of ["cat.dzi", "cat_files/10/2_1.jpeg"]) expect(bytes.includes(name)).toBe(true);
    expect(await names(join(root, "deep"))).toEqual([`cat.${ending}`]);
  });

  it("told by a digest that a shell can work out, and by the bytes of all its files", async () => {
    for (const [output, shown] of [
      [{ file: "cat.dzi", tile: {} }, "cat.dzi cat_files"],
      [{ file: "map", tile: { layout: "google" } }, "map"],
    ] as const) {
      const { sha256, bytes } = await made(output);
      const files = `find ${shown} -type f | LC_ALL=C sort | xargs`;
      expect(shell(`${files} $SUM | $SUM`)).toBe(`${sha256}  -`);
      expect(shell(`${files} cat | wc -c`).trim()).toBe(String(bytes));
      expect((await made(output)).sha256).toBe(sha256);
    }
  });

  it("made after resize and steps, upright, and of an animation's first frame", async () => {
    const steps = [{ extend: { left: 10, right: 0, top: 0, bottom: 0 } }, { grayscale: true as const }];
    const output = await made({ file: "a.dzi", width: 350, steps, tile: {}, format: "png" });
    expect(output).toMatchObject({ width: 360, height: 250 });
    expect((await pixelsOf("a_files/9/0_0.png"))[0]).toBe(0);
    expect(await made({ file: "b.dzi", tile: { angle: 90 } })).toMatchObject({ width: 500, height: 700 });
    await put(join(root, "cat.png"), await animatedGif());
    expect(await made({ file: "c.dzi", tile: {}, format: "webp" })).toMatchObject({ width: 40, height: 30 });
  });

  it("made though an attempt of the same name left all its tiles unpublished", async () => {
    const tile = { size: 256, layout: "dz" } as const;
    for (const _attempt of [1, 2]) expect((await run([{ file: "deep/cat.dzi", tile }])).kind).toBe("prepared");
    for (const _attempt of [1, 2])
      expect((await run([{ file: "a.png" }, { file: "deep/cat.dzi", tile }])).kind).toBe("prepared");
  });

  it("replaced when it is made again, whatever it was made like", async () => {
    const tiles: NonNullable<Output["tile"]>[] = [
      ...([
        {},
        { depth: "one" },
        { skipBlanks: 5 },
        { layout: "google", centre: true },
        { layout: "zoomify" },
      ] as const),
      ...([
        { layout: "iiif", size: 100 },
        { layout: "iiif3" },
        { layout: "google", depth: "onepixel", size: 33 },
      ] as const),
    ];
    for (const [index, tile] of [...tiles, ...tiles].entries()) {
      const output = { file: tile.layout === undefined ? "cat.dzi" : "map", tile, width: 300 };
      const { files, folder } = (await made({ ...output, format: FORMATS[index % 3] ?? "jpeg" })).tiles ?? {};
      const beside = tile.layout === undefined ? 1 : 0;
      expect([tile, (await filesBelow(folder ?? "")).length]).toEqual([tile, (files ?? 0) - beside]);
    }
    expect(await names(root)).toEqual(["cat.dzi", "cat.png", "cat_files", "map"]);
  });
});

describe("a pyramid that cannot be made leaves nothing", () => {
  it("when it would have too many tiles", async () => {
    const failed = { kind: "failed", error: { code: "OUTPUT_FAILED", facts: { because: "too many tiles" } } };
    const tile = { size: 1 };
    expect(await run([{ file: "a.png" }, { file: "cat.dzi", tile }])).toMatchObject(failed);
    expect(await run([{ file: "cat.dzi", tile, steps: [{ flip: true }] }])).toMatchObject(failed);
    expect(await run([{ file: "cat.dzi", tile, width: 10 }])).toMatchObject({ kind: "prepared" });
  });

  it("when somebody's own folder has its name, of which it tells before it begins", async () => {
    await put(join(root, "cat_files/holiday.jpg"), "mine");
    const facts = { because: "a directory has this name that holds more than tiles", holds: "holiday.jpg" };
    expect(await run([{ file: "cat.dzi", tile: {} }])).toMatchObject({ error: { code: "OUTPUT_UNWRITABLE", facts } });
    await put(join(root, "map"), "mine");
    expect(await run([{ file: "map", tile: { layout: "google" } }])).toMatchObject({
      error: { code: "OUTPUT_UNWRITABLE", facts: { because: "a file has this name" } },
    });
  });

  it("when the source is cut short", async () => {
    await put(join(root, "cat.png"), (await photographJpeg(SIZE)).subarray(0, 30_000));
    expect(await run([{ file: "cat.dzi", tile: {} }])).toMatchObject({ error: { code: "SOURCE_DAMAGED" } });
    expect(await names(root)).toEqual(["cat.png"]);
  });

  it("when the disk fills up while tiles are made durable", async () => {
    const open = async (...call: Parameters<FileSystem["open"]>) => {
      const handle = await system.fs.open(...call);
      if (realName(call[0]).endsWith("9/1_0.jpeg"))
        handle.sync = () => Promise.reject(Object.assign(new Error("no space left"), { code: "ENOSPC" }));
      return handle;
    };
    const full: System = { ...system, fs: { ...system.fs, open } };
    const outputs = [{ file: "a.png" }, { file: "cat.dzi", tile: {} }];
    expect(await run(outputs, full)).toMatchObject({ kind: "failed", error: { code: "DISK_FULL" } });
    expect(await names(root)).toEqual(["cat.png"]);
  });
});

/** Has a worker make an output and does what the daemon does with it. */
async function made(output: Output): Promise<PreparedOutput> {
  const result = await run([output]);
  if (result.kind !== "prepared") throw new Error(JSON.stringify(result));
  const destinations = [await resolveDestination(system, output, [root], { create: false })];
  await publish(system, publicationsOf(destinations, "7"));
  return result.outputs[0] as PreparedOutput;
}

function run(outputs: readonly Output[], through: System = system): Promise<RunResult> {
  const request = {
    kind: "run" as const,
    number: 7,
    attempt: 1,
    task: checkPictureTask({ source: "cat.png", outputs }),
    roots: [root],
    limits: { ...DEFAULT_LIMITS, maxInputPixels: 1_000_000_000, maxInputBytes: 1_000_000_000 },
    spool: join(root, "spool"),
    handlers: join(root, "handlers"),
    timeoutMs: 60_000,
    tag: "7",
  };
  return perform(through, request, SILENT);
}

/** That a tile without loss shows a part of the source, from its top left; a tile may be filled up beyond. */
async function expectPart(file: string, part: { left: number; top: number; width: number; height: number }) {
  const wanted = await photograph(SIZE).extract(part).raw().toBuffer();
  const shown = await sharp(await readFile(join(root, file)))
    .extract({ ...part, left: 0, top: 0 })
    .raw()
    .toBuffer();
  expect(shown.equals(wanted)).toBe(true);
}

async function pixelsOf(file: string): Promise<Buffer> {
  const picture = sharp(await readFile(join(root, file)));
  return picture.raw().toBuffer();
}

/** Between the first rows of two pictures with three channels, of these widths. */
function meanDifference(a: Buffer, b: Buffer, widthA: number, widthB: number): number {
  const length = 3 * Math.min(widthA, widthB);
  let sum = 0;
  for (let at = 0; at < length; at++) sum += Math.abs((a[at] ?? 0) - (b[at] ?? 0));
  return sum / length;
}

/** What a shell prints for a line, in which `$SUM` is the system's own program for digests. */
function shell(line: string): string {
  const sum = 'SUM=$(command -v sha256sum || echo "shasum -a 256")';
  return execFileSync("sh", ["-c", `${sum}; ${line}`], { cwd: root, encoding: "utf8" }).replace(/\n$/, "");
}
