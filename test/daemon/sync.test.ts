import { mkdir, readdir, readFile, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { parseSchedule } from "../../src/task/schedule.ts";
import { spoold } from "../support/cli.ts";
import { freshDirectory, launchDaemon } from "../support/daemon.ts";
import { block } from "../support/readme.ts";
import { placePicture, spoolIn } from "../support/spool.ts";

describe("README's schedule for directories", () => {
  it("makes pyramids of slides and sizes of what was copied in, and removes what is gone", async () => {
    const directory = await freshDirectory();
    for (const name of ["slides", "incoming/summer"]) await mkdir(join(directory, name), { recursive: true });
    await sharp({ create: { width: 300, height: 200, channels: 3, background: "teal" } })
      .tiff()
      .toFile(join(directory, "slides/slide.tif"));
    for (const name of ["cat.jpg", "summer/dog.jpg"]) await placePicture(join(directory, "incoming", name));
    const spool = await spoolIn(directory);
    const entries = parseSchedule(block("json sync"));
    const sync = async (): Promise<number> => {
      for (const { name, task } of entries) {
        // A source has just been written here; nobody shall wait for it.
        const data = { ...(task["data"] as object), settleMs: 0 };
        await writeFile(join(directory, `${name}.json`), JSON.stringify({ ...task, data }));
      }
      const { code } = await spoold(directory, ["add", "slides.json", "incoming.json"]);
      return code === 0 ? Number(await launchDaemon(directory, ["--once"]).ended) : -1;
    };
    expect(entries.map(({ name }) => name)).toEqual(["incoming", "slides"]);
    expect(await sync()).toBe(0);
    expect(await readdir(join(directory, "deepzoom"))).toEqual(["slide.dzi", "slide_files"]);
    const sizes = ["cat", "dog"].flatMap((name) =>
      ["1600", "400", "800", "thumb"].map((size) => `${name}-${size}.jpg`),
    );
    expect((await readdir(join(directory, "gallery"))).sort()).toEqual(sizes);
    const result = async (number: number) =>
      JSON.parse(await readFile(join(spool.directory, `done/${number}.json`), "utf8")).result;
    expect(await result(1)).toMatchObject({ scanned: 1, enqueued: [{ source: "slides/slide.tif", number: 3 }] });
    await unlink(join(directory, "incoming/cat.jpg"));
    expect(await sync()).toBe(0);
    expect((await readdir(join(directory, "gallery"))).sort()).toEqual(sizes.slice(4));
    expect(await result(6)).toMatchObject({ scanned: 1, fresh: 1, enqueued: [] });
    expect(await result(7)).toMatchObject({ scanned: 1, fresh: 1, totals: { removed: 4, left: 0 } });
  });
});
