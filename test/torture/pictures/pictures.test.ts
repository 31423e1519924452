import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { INPUT_FORMATS } from "../../../src/input-formats.ts";
import type { Ending } from "../../../src/spool/endings.ts";
import { newDirectory } from "../../support/directories.ts";
import { photographJpeg } from "../../support/pictures.ts";
import { faultsIn } from "./end.ts";
import { mutantOf } from "./mutants.ts";
import { pictureSeeds } from "./picture-seeds.ts";
import { pictures } from "./pictures.ts";

describe("mutated pictures", () => {
  it("cost their own task and nothing else: each ends, with whole outputs or with a reason and none", async () => {
    const directory = await newDirectory();
    const keep = (name: string): Promise<string> => Promise.resolve(name);
    const each = (await pictureSeeds()).length;
    const report = await pictures.run({ directory, seed: 7, rounds: each, say: () => undefined, keep });
    expect(report.faults).toEqual([]);
    const { verdicts = {} } = report.counts;
    expect(Object.values(verdicts).reduce((sum, count) => sum + count)).toBe(each);
    // A run in which all are refused by their first bytes would prove nothing.
    expect(verdicts["done"]).toBeGreaterThan(2);
    expect(verdicts["SOURCE_DAMAGED"]).toBeGreaterThan(12);
  });

  it("come from every format that can be opened, and are the same for the same seed and number", async () => {
    const seeds = await pictureSeeds();
    const endings = new Set(
      seeds.map(({ name }) => name.replace(/.*\./, "").replace("jpg", "jpeg").replace(/tif$/, "tiff")),
    );
    expect([...endings].sort()).toEqual([...INPUT_FORMATS].sort());
    expect(seeds.length).toBeGreaterThanOrEqual(40);
    const made = (seed: number): string[] =>
      [0, 1, 40, 99].map((number) => mutantOf(seeds, seed, number).bytes.toString("base64"));
    expect(made(3)).toEqual(made(3));
    expect(made(3)).not.toEqual(made(4));
    for (const { name, bytes } of seeds)
      expect([name, mutantOf([{ name, bytes }], 1, 0).bytes.equals(bytes)]).toEqual([name, false]);
  });
});

describe("a promise that is broken", () => {
  it("is found: no end, an output of a failed task, one that does not decode, one that is not there", async () => {
    const directory = await newDirectory();
    await mkdir(join(directory, "made"));
    const path = join(directory, "made", "1.jpg");
    const task = { source: "in/1.jpg", outputs: [{ file: "made/1.jpg" }, { file: "made/2.jpg" }] };
    const failed = { kind: "failed", reason: { error: { code: "SOURCE_DAMAGED" } } } as Ending;
    const done = { kind: "done", receipt: { outputs: [{ path, width: 320, height: 240 }] } } as unknown as Ending;
    const found = (end: Ending | null): Promise<string[]> => faultsIn(directory, end, task);

    expect(await found(null)).toHaveLength(1);
    expect(await found(failed)).toEqual([]);
    const whole = await photographJpeg();
    await writeFile(path, whole);
    expect(await found(failed)).toEqual(["failed with SOURCE_DAMAGED, and yet left 1.jpg"]);
    expect(await found(done)).toEqual(["done, and yet 2.jpg is not there"]);
    await writeFile(join(directory, "made", "2.jpg"), whole);
    expect(await found(done)).toEqual([]);
    await writeFile(path, whole.subarray(0, -900));
    expect(await found(done)).toEqual([expect.stringContaining("does not decode")]);
  });
});
