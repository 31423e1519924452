import { readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { prepareSharp } from "../../src/image/decoders.ts";
import { publicationsOf, resolveDestination } from "../../src/image/destinations.ts";
import { publish } from "../../src/image/publish.ts";
import { realSystem, type System } from "../../src/system.ts";
import { checkTask } from "../../src/task/parse.ts";
import type { Output } from "../../src/task/task.ts";
import { perform } from "../../src/worker/perform.ts";
import type { PreparedOutput, RunResult } from "../../src/worker/protocol.ts";
import { newDirectory } from "../support/directories.ts";
import { DEFAULT_LIMITS } from "../support/limits.ts";
import { photograph } from "../support/pictures.ts";
import { filesBelow } from "../support/tiles.ts";

const system = realSystem();
const SIZE = { width: 700, height: 500 };
let root: string;

beforeAll(() => prepareSharp());

beforeEach(async () => {
  root = await newDirectory();
  await photograph(SIZE).png().toFile(join(root, "cat.png"));
});

describe("a pyramid is", () => {
  it("for Deep Zoom a folder of levels and a .dzi, and each tile shows its part of the picture", async () => {
    const tile = { size: 256, overlap: 1, layout: "dz" } as const;
    const [output] = await made({ file: "deep/cat.dzi", tile, format: "png" });
    expect(output).toMatchObject({ ...SIZE, path: join(root, "deep/cat.dzi"), format: "png" });
    expect(output?.tiles).toEqual({ layout: "dz", files: 18, folder: join(root, "deep/cat_files") });
    expect(await readFile(join(root, "deep/cat.dzi"), "utf8")).toMatch(/Format="png"\s+Overlap="1"\s+TileSize="256"/);
    const files = await filesBelow(join(root, "deep"));
    expect(files.filter((name) => name.startsWith("cat_files/10/"))).toEqual(
      ["0_0", "0_1", "1_0", "1_1", "2_0", "2_1"].map((name) => `cat_files/10/${name}.png`),
    );
    expect(files.filter((name) => !/^cat(_files\/\d+\/\d+_\d+\.png|\.dzi)$/.test(name))).toEqual([]);
    const part = { left: 255, top: 0, width: 258, height: 257 };
    const wanted = await photograph(SIZE).extract(part).raw().toBuffer();
    expect(await pixelsOf(join(root, "deep/cat_files/10/1_0.png"))).toEqual(wanted);
  });
});

/** Has a worker make an output and does what the daemon does with it. */
async function made(output: Output): Promise<readonly PreparedOutput[]> {
  const result = await run([output]);
  if (result.kind === "failed") throw new Error(`${result.error.message} ${result.error.causes}`);
  const destinations = [await resolveDestination(system, output, [root], { create: false })];
  await publish(system, publicationsOf(destinations, "7"));
  return result.outputs;
}

function run(outputs: readonly Output[], through: System = system): Promise<RunResult> {
  const request = {
    kind: "run" as const,
    number: 7,
    attempt: 1,
    task: checkTask({ source: "cat.png", outputs }),
    roots: [root],
    limits: { ...DEFAULT_LIMITS, maxInputPixels: 1_000_000_000, maxInputBytes: 1_000_000_000 },
    spool: join(root, "spool"),
    tag: "7",
  };
  return perform(through, request, () => undefined);
}

async function pixelsOf(path: string): Promise<Buffer> {
  return sharp(await readFile(path))
    .raw()
    .toBuffer();
}
