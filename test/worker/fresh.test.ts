import {
  appendFile,
  cp,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { prepareSharp } from "../../src/image/decoders.ts";
import { publicationsOf, resolveDestination } from "../../src/image/destinations.ts";
import { publish } from "../../src/image/publish.ts";
import { realSystem } from "../../src/system.ts";
import { checkPictureTask } from "../../src/task/parse.ts";
import type { Output } from "../../src/task/task.ts";
import { isFresh } from "../../src/worker/freshness.ts";
import { perform } from "../../src/worker/perform.ts";
import type { EarlierWork, PictureRequest, RunResult } from "../../src/worker/protocol.ts";
import { newDirectory } from "../support/directories.ts";
import { DEFAULT_LIMITS } from "../support/limits.ts";
import { photographJpeg } from "../support/pictures.ts";
import { SILENT } from "../support/workers.ts";

const system = realSystem();
const OUTPUTS: readonly Output[] = [
  { file: "out/large.jpg", width: 200 },
  { file: "out/small.png", width: 40, steps: [{ composite: { input: "logo.png" } }] },
  { file: "out/deep.dzi", tile: { layout: "dz" } },
  { file: "out/zoom", tile: { layout: "zoomify" } },
  { file: "out/pack.zip", tile: { layout: "google", container: "zip" } },
];
let root: string;
let pristine: string;
let work: EarlierWork;
let rendered: number;

/** Made once; each test gets its own copy at the same place, for that is where the receipt says that it is. */
beforeAll(async () => {
  prepareSharp();
  root = await realpath(await mkdtemp(join(tmpdir(), "spoold-fresh-")));
  await writeFile(join(root, "cat.jpg"), await photographJpeg({ width: 600, height: 400 }));
  await sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } }).toFile(join(root, "logo.png"));
  work = await make();
  pristine = `${root}-pristine`;
  await rename(root, pristine);
});

beforeEach(async () => {
  await rm(root, { recursive: true, force: true });
  await cp(pristine, root, { recursive: true, preserveTimestamps: true });
});

afterAll(async () => {
  for (const directory of [root, pristine]) await rm(directory, { recursive: true });
});

describe("work that was done before", () => {
  it("is fresh when nothing has changed, and no picture is even opened for that", async () => {
    expect(work.source.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(work.source.overlays).toEqual([{ file: "logo.png", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
    const shut = { ...DEFAULT_LIMITS, maxInputPixels: 1, inputFormats: [] };
    expect(await run({ limits: shut })).toEqual({ kind: "fresh" });
    expect(rendered).toBe(0);
    expect(await run({ limits: shut }, OUTPUTS, null)).toMatchObject({ kind: "failed" });
  });

  it.each<[string, () => Promise<unknown>]>([
    ["a byte of the source, with the size and the time it had", () => changeByte("cat.jpg", DENSITY)],
    ["the source, for a link to one elsewhere with the same bytes", () => moveBehindLink("cat.jpg")],
    ["a byte of an overlay", () => changeByte("logo.png", 40)],
    ["a byte of an output", () => changeByte("out/large.jpg", 100)],
    ["the length of an output", () => truncate(join(root, "out/large.jpg"), 500)],
    ["an output, which is gone", () => rm(join(root, "out/small.png"))],
    ["an output, for a link", () => moveBehindLink("out/small.png")],
    ["a byte of a tile", () => changeByte("out/deep_files/8/0_0.jpeg", 100)],
    ["the tiles, of which one is gone", () => rm(join(root, "out/zoom/TileGroup0/0-0-0.jpg"))],
    ["the tiles, to which one was added", () => writeFile(join(root, "out/deep_files/8/9_9.jpeg"), "")],
    ["the .dzi, which is gone", () => rm(join(root, "out/deep.dzi"))],
    ["the end of a zip", () => appendFile(join(root, "out/pack.zip"), "x")],
  ])("is not fresh when somebody has changed %s", async (_what, change) => {
    await change();
    expect(await isFresh(system, requestFor(), work)).toBe(false);
  });

  it("is done once more when it is not fresh", async () => {
    await changeByte("cat.jpg", DENSITY);
    expect(await run()).toMatchObject({ kind: "prepared" });
    expect(rendered).toBe(1);
  });

  it("is not fresh when the outputs are wanted elsewhere", async () => {
    const other = await newDirectory();
    for (const name of await readdir(root)) await symlink(join(root, name), join(other, name));
    await rm(join(other, "out"));
    expect(await isFresh(system, requestFor({ roots: [other, root] }), work)).toBe(false);
    expect(await isFresh(system, requestFor({}, OUTPUTS.slice(1)), work)).toBe(false);
  });

  it("does not hide that the source is gone", async () => {
    await rm(join(root, "cat.jpg"));
    expect(await run()).toMatchObject({ kind: "failed", error: { code: "SOURCE_MISSING" } });
  });
});

/** Where a JPEG says how many pixels make an inch: another number there harms nothing. */
const DENSITY = 15;

/** Makes all outputs, as worker and daemon do together, and tells what the receipt would. */
async function make(): Promise<EarlierWork> {
  const result = await run({}, OUTPUTS, null);
  if (result.kind !== "prepared") throw new Error(JSON.stringify(result));
  const destinations = await Promise.all(
    OUTPUTS.map((output) => resolveDestination(system, output, [root], { create: false })),
  );
  await publish(system, publicationsOf(destinations, "7"));
  return { source: result.source, outputs: result.outputs.map(({ temporary: _gone, ...output }) => output) };
}

function run(
  more: Partial<PictureRequest> = {},
  outputs = OUTPUTS,
  earlierWork: EarlierWork | null = work,
): Promise<RunResult> {
  rendered = 0;
  const request = { ...requestFor(more, outputs), ...(earlierWork && { earlierWork }) };
  return perform(system, request, { ...SILENT, rendered: () => (rendered += 1) });
}

function requestFor(more: Partial<PictureRequest> = {}, outputs = OUTPUTS): PictureRequest {
  return {
    kind: "run",
    number: 7,
    attempt: 1,
    task: checkPictureTask({ source: "cat.jpg", outputs, skipIfFresh: true }),
    roots: [root],
    limits: DEFAULT_LIMITS,
    spool: join(root, "spool"),
    handlers: join(root, "handlers"),
    timeoutMs: 60_000,
    tag: "7",
    ...more,
  };
}

/** Changes one byte, and leaves the file its size and time. */
async function changeByte(file: string, at: number): Promise<void> {
  const path = join(root, file);
  const { atime, mtime } = await stat(path);
  const bytes = await readFile(path);
  bytes[at] = ((bytes[at] ?? 0) + 1) % 256;
  await writeFile(path, bytes);
  await utimes(path, atime, mtime);
}

async function moveBehindLink(file: string): Promise<void> {
  await rename(join(root, file), join(root, "elsewhere"));
  await symlink(join(root, "elsewhere"), join(root, file));
}
