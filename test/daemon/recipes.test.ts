import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeEach, describe, expect, it } from "vitest";
import type { Spool } from "../../src/index.ts";
import { freshDirectory, launchDaemon } from "../support/daemon.ts";
import { namesIn, placePicture, spoolIn } from "../support/spool.ts";
import { filesBelow } from "../support/tiles.ts";

let directory: string;
let spool: Spool;

beforeEach(async () => {
  directory = await freshDirectory();
  spool = await spoolIn(directory);
  await mkdir(join(directory, "up"));
  // Of one colour, so that AVIF at 1920 px takes no time.
  await placePicture(join(directory, "up/cat.jpg"), { width: 2_000, height: 1_500 });
});

const source = "up/cat.jpg";

/** Lets a daemon do all there is to do. @returns its exit code */
function drained(): Promise<number | NodeJS.Signals | null> {
  return launchDaemon(directory, ["--once"]).ended;
}

/** What files there are, as their own bytes say. */
async function picturesAt(outputs: readonly { readonly file: string }[]): Promise<unknown[]> {
  return Promise.all(
    outputs.map(async ({ file }) => {
      const { format, width, height } = await sharp(join(directory, file)).metadata();
      return [file, format, width, height];
    }),
  );
}

describe("the recipe that comes with the package", () => {
  it("gallery makes three sizes and a square thumbnail", async () => {
    const { outputs } = await spool.enqueue({ source, recipe: "gallery", vars: { album: "summer" } });
    expect(await drained()).toBe(0);
    expect(await picturesAt(outputs)).toEqual([
      ["gallery/summer/cat-1600.jpg", "jpeg", 1600, 1200],
      ["gallery/summer/cat-800.jpg", "jpeg", 800, 600],
      ["gallery/summer/cat-400.jpg", "jpeg", 400, 300],
      ["gallery/summer/cat-thumb.jpg", "jpeg", 120, 120],
    ]);
  });

  it("web makes three widths in three formats, and the receipt has a srcset of each", async () => {
    const ticket = await spool.enqueue({ source, recipe: "web" });
    expect(await drained()).toBe(0);
    const formats = [
      ["avif", "heif"],
      ["webp", "webp"],
      ["jpg", "jpeg"],
    ] as const;
    const sizes = [
      [480, 360],
      [960, 720],
      [1920, 1440],
    ];
    expect(await picturesAt(ticket.outputs)).toEqual(
      formats.flatMap(([ending, format]) =>
        sizes.map(([width, height]) => [`web/cat-${width}.${ending}`, format, width, height]),
      ),
    );
    expect((await ticket.done()).srcset).toEqual({
      avif: "web/cat-480.avif 480w, web/cat-960.avif 960w, web/cat-1920.avif 1920w",
      webp: "web/cat-480.webp 480w, web/cat-960.webp 960w, web/cat-1920.webp 1920w",
      jpeg: "web/cat-480.jpg 480w, web/cat-960.jpg 960w, web/cat-1920.jpg 1920w",
    });
  });

  it("avatar makes four squares", async () => {
    const { outputs } = await spool.enqueue({ source, recipe: "avatar", vars: { to: "faces" } });
    expect(await drained()).toBe(0);
    const squares = [512, 256, 128, 64].map((side) => [`faces/cat-${side}.webp`, "webp", side, side]);
    expect(await picturesAt(outputs)).toEqual(squares);
  });

  it("deepzoom makes a .dzi and the folder of its tiles", async () => {
    const ticket = await spool.enqueue({ source, recipe: "deepzoom", vars: { to: "slides", quality: 60 } });
    expect(ticket.outputs).toEqual([{ file: "slides/cat.dzi" }]);
    expect(await drained()).toBe(0);
    const [output] = (await ticket.done()).outputs;
    expect(output).toMatchObject({ width: 2_000, height: 1_500, tiles: { layout: "dz" } });
    const files = await filesBelow(join(directory, "slides"));
    expect(files.length).toBe(output?.tiles?.files);
    expect(await picturesAt([{ file: "slides/cat_files/11/7_5.jpeg" }])).toEqual([
      ["slides/cat_files/11/7_5.jpeg", "jpeg", 209, 221],
    ]);
  });
});

describe("a picture smaller than what a recipe asks for", () => {
  it("is not enlarged by gallery and web, whose srcset tells true widths, but fills the squares of the others", async () => {
    await placePicture(join(directory, "up/cat.jpg"), { width: 600, height: 100 });
    await writeFile(join(directory, "spool/spoold.json"), JSON.stringify({ roots: [directory] }));
    const tickets = await Promise.all(["gallery", "web", "avatar"].map((recipe) => spool.enqueue({ source, recipe })));
    const foretold = tickets.map(({ outputs }) => outputs.map(({ width, height }) => `${width}x${height}`));
    expect(foretold).toEqual([
      ["600x100", "600x100", "400x67", "120x120"],
      ["avif", "webp", "jpeg"].flatMap(() => ["480x80", "600x100", "600x100"]),
      ["512x512", "256x256", "128x128", "64x64"],
    ]);
    expect(await drained()).toBe(0);
    const receipts = await Promise.all(tickets.map((ticket) => ticket.done()));
    const made = receipts.map(({ outputs }) => outputs.map(({ width, height }) => `${width}x${height}`));
    expect(made).toEqual(foretold);
    expect(receipts[1]?.srcset?.jpeg).toBe("web/cat-480.jpg 480w, web/cat-960.jpg 600w");
  });
});

describe("a drop that names a recipe", () => {
  it("is made into its pictures by a daemon", async () => {
    const drop = { source, recipe: "gallery", vars: { album: "dropped" }, supplicant: "a script" };
    await writeFile(join(directory, "spool/tasks/cat.json"), JSON.stringify(drop));
    const daemon = launchDaemon(directory, ["--once"]);
    expect(await daemon.ended).toBe(0);
    const done = daemon.lines().find(({ msg }) => msg === "task done");
    expect(done).toMatchObject({ supplicant: "a script", summary: "gallery sizes for cat.jpg" });
    expect(await picturesAt([{ file: "gallery/dropped/cat-400.jpg" }])).toHaveLength(1);
  });

  it("goes to rejected/ byte for byte when its recipe is missing or its vars are wrong", async () => {
    const drops = {
      "a.json": { source, recipe: "galery" },
      "b.json": { source, recipe: "gallery", vars: { album: "..", albun: "x" } },
    };
    for (const [name, drop] of Object.entries(drops)) {
      await writeFile(join(directory, "spool/tasks", name), JSON.stringify(drop));
    }
    const daemon = launchDaemon(directory, ["--once"]);
    expect(await daemon.ended).toBe(1);
    expect(await namesIn(directory, "rejected")).toEqual(
      Object.keys(drops).flatMap((name) => [name, `${name}.reason.json`]),
    );
    expect(await readFile(join(directory, "spool/rejected/a.json"), "utf8")).toBe(JSON.stringify(drops["a.json"]));
    const told = daemon.lines().filter(({ msg }) => msg === "drop rejected");
    expect(told).toMatchObject([
      { name: "a.json", error: "RECIPE_MISSING" },
      { name: "b.json", error: "TASK_INVALID", faults: [expect.stringContaining('did you mean "album"?')] },
    ]);
  });
});
