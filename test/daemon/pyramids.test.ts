import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeEach, describe, expect, it } from "vitest";
import type { Spool } from "../../src/index.ts";
import { freshDirectory, launchDaemon, startDaemon, until } from "../support/daemon.ts";
import { put } from "../support/directories.ts";
import { namesIn, placePicture, spoolIn } from "../support/spool.ts";
import { filesBelow } from "../support/tiles.ts";

let directory: string;
let spool: Spool;

beforeEach(async () => {
  directory = await freshDirectory();
  spool = await spoolIn(directory);
  await placePicture(join(directory, "cat.jpg"), { width: 600, height: 400 });
});

const outputs = [
  { file: "deep/cat.dzi", tile: { overlap: 1 } },
  { file: "small.jpg", width: 60 },
];

describe("a task with a pyramid", () => {
  it("is done, and done again over what is there, and a task that reads a tile comes after it", async () => {
    const tickets = [
      await spool.enqueue({ source: "cat.jpg", outputs }),
      await spool.enqueue({ source: "deep/cat_files/10/2_1.jpeg", outputs: [{ file: "corner.png" }] }),
      await spool.enqueue({ source: "cat.jpg", outputs: [{ file: "deep/cat.dzi", tile: { size: 300 } }] }),
    ];
    expect(await launchDaemon(directory, ["--once", "--concurrency", "2"]).ended).toBe(0);
    const [first, corner, second] = await Promise.all(tickets.map((ticket) => ticket.done()));
    expect(first?.outputs).toMatchObject([{ width: 600, height: 400, tiles: { layout: "dz" } }, { width: 60 }]);
    expect(corner?.outputs).toMatchObject([{ width: 89, height: 145 }]);
    expect(second?.outputs[0]?.tiles?.files).toBe((await filesBelow(join(directory, "deep"))).length);
    expect(await readFile(join(directory, "deep/cat.dzi"), "utf8")).toContain('TileSize="300"');
    expect((await readdir(join(directory, "deep"))).sort()).toEqual(["cat.dzi", "cat_files"]);
  });

  it("fails when the folder is somebody's own, and leaves all as it was", async () => {
    await put(join(directory, "deep/cat_files/holiday.jpg"), "mine");
    const ticket = await spool.enqueue({ source: "cat.jpg", outputs });
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(1);
    await expect(ticket.done()).rejects.toMatchObject({ facts: { number: ticket.number } });
    expect(await filesBelow(join(directory, "deep"))).toEqual(["cat_files/holiday.jpg"]);
    expect((await readdir(directory)).sort()).toEqual(["cat.jpg", "deep", "spool"]);
  });

  it("leaves nothing half done when the daemon is killed while tiles are cut, and is done at the next start", async () => {
    // Some thousand files, each of which takes its time to be synced.
    await sharp({ create: { width: 400, height: 300, channels: 3, background: "red" } })
      .png()
      .toFile(join(directory, "slow.png"));
    const slow = [{ file: "deep/slow.dzi", tile: { size: 8 }, format: "png" as const }];
    await spool.enqueue({ source: "slow.png", outputs: slow });
    const killed = await startDaemon(directory, ["--concurrency", "1"]);
    const isHidden = (name: string): boolean => name.startsWith(".spoold-");
    await until(async () => (await readdir(directory)).includes("deep"));
    await until(async () => (await readdir(join(directory, "deep"))).some(isHidden));
    process.kill(killed.pid, "SIGKILL");
    await killed.ended;
    expect((await readdir(join(directory, "deep"))).filter((name) => !isHidden(name))).toEqual([]);
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(0);
    expect((await readdir(join(directory, "deep"))).sort()).toEqual(["slow.dzi", "slow_files"]);
    expect(await namesIn(directory, "done")).toEqual(["1.json"]);
  });
});
