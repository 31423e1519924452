import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { dice } from "../../src/image/dice.ts";
import { newDirectory } from "../support/directories.ts";
import { photograph } from "../support/pictures.ts";

const picture = photograph({ width: 300, height: 200 });

describe("dicing", () => {
  it("tells the size of the largest level as viewers see it", async () => {
    const target = join(await newDirectory(), "tiles");
    const output = { file: "a.dzi", tile: { angle: 270 as const }, format: "png" as const };
    expect(await dice(picture.clone(), { output, target, basename: "tiles" })).toEqual({ width: 200, height: 300 });
  });

  it("leaves what sharp says of anything but the disk as it is", async () => {
    const target = join(await newDirectory(), "tiles");
    const failure = dice(sharp(Buffer.from("no picture")), {
      output: { file: "a.dzi", tile: {} },
      target,
      basename: "a",
    });
    await expect(failure).rejects.not.toHaveProperty("code");
  });

  it.runIf(process.platform === "linux")("says that the disk is full when libvips does", async () => {
    const output = { file: "a.zip", tile: { container: "zip" as const } };
    const failure = dice(picture.clone(), { output, target: "/dev/full", basename: "a" });
    await expect(failure).rejects.toMatchObject({ code: "DISK_FULL", facts: { file: "a.zip" } });
  });
});
