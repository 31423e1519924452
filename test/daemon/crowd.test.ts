import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { freshDirectory, startDaemon, until } from "../support/daemon.ts";
import { descriptorsOf } from "../support/descriptors.ts";
import { placePicture, quickTask, spoolIn } from "../support/spool.ts";

const CROWD = Array.from({ length: 300 }, (_, index) => `crowd-${index}${index % 2 === 0 ? ".txt" : ".part"}`);

describe("files in tasks/ that are nobody's task", () => {
  it("are not watched when they are many, and tasks are done beside them", async () => {
    const directory = await freshDirectory();
    await placePicture(join(directory, "quick.jpg"));
    const spool = await spoolIn(directory);
    const { pid } = await startDaemon(directory);
    const isArmed = async (): Promise<boolean> => (await descriptorsOf(pid)).watches > UNARMED;
    await until(isArmed);
    for (const name of CROWD) await writeFile(join(spool.directory, "tasks", name), "");
    await until(async () => !(await isArmed()));
    await (await spool.enqueue(quickTask("beside"))).done();
    expect(await isArmed()).toBe(false);
    for (const name of CROWD) await rm(join(spool.directory, "tasks", name));
    await until(isArmed);
  });
});

/** The spool's own directory and `active/`, which are watched always. */
const UNARMED = 2;
