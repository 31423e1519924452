import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { newDirectory } from "../support/directories.ts";
import { README, section, speedRows, table } from "../support/readme.ts";
import { machineText } from "./machine.ts";
import { drawCharts, type Results } from "./plot.ts";

const KEPT = "test/bench/results";

const results = async (): Promise<Results> => JSON.parse(await readFile(join(KEPT, "results.json"), "utf8")) as Results;

it("the charts that are kept show the results that are kept, and README shows each of them", async () => {
  const drawn = await newDirectory();
  await drawCharts(await results(), drawn);
  const charts = (await readdir(drawn)).sort();
  expect((await readdir(KEPT)).sort()).toEqual([...charts, "results.json"].sort());
  for (const name of charts) {
    expect(await readFile(join(KEPT, name), "utf8")).toBe(await readFile(join(drawn, name), "utf8"));
    expect(README).toContain(`](${KEPT}/${name})`);
  }
});

it("README's table of speeds says what was measured, and on what", async () => {
  const { machine } = await results();
  expect(table("How fast")).toEqual(speedRows());
  for (const line of machineText(machine).trim().split("\n")) expect(section("How fast")).toContain(line);
});
