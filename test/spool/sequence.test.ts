import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Layout } from "../../src/spool/layout.ts";
import { bootId } from "../../src/spool/owner.ts";
import { openSequence } from "../../src/spool/sequence.ts";
import { realSystem } from "../../src/system.ts";
import { names, newSpool, put } from "../support/directories.ts";
import { record } from "../support/recorder.ts";

const real = realSystem();
const PLACES = ["tasks/N.json", "tasks/N.p5.json", "active/N.a1.json", "deferred/99.N.a2.json", "held/N.json"];
const ALL_PLACES = [...PLACES, "failed/N.json", "done/N.json"];

async function sequenceFile(layout: Layout): Promise<string> {
  const found = (await names(layout.run)).filter((name) => name.startsWith("sequence."));
  expect(found).toHaveLength(1);
  return join(layout.run, found[0] ?? "");
}

describe("the sequence", () => {
  it("gives numbers in a row, from 1", async () => {
    const sequence = openSequence(real, await newSpool());
    expect(await sequence.reserve(1)).toBe(1);
    expect(await sequence.reserve(3)).toBe(2);
    expect(await sequence.reserve(1)).toBe(5);
    expect(await sequence.highest()).toBe(5);
  });

  it("goes on where another process has left it", async () => {
    const layout = await newSpool();
    const [one, other] = [openSequence(real, layout), openSequence(real, layout)];
    expect([await one.reserve(1), await other.reserve(1), await one.reserve(1)]).toEqual([1, 2, 3]);
  });

  it("gives no number twice to processes that ask without any lock", async () => {
    const layout = await newSpool();
    const sequences = Array.from({ length: 8 }, () => openSequence(real, layout));
    const given = await Promise.all(
      sequences.map(async (sequence) => {
        const numbers: number[] = [];
        for (let count = 0; count < 25; count++) numbers.push(await sequence.reserve(1));
        return numbers;
      }),
    );
    expect(given.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_none, index) => index + 1));
  });

  it("does not go back when the spool drains", async () => {
    const layout = await newSpool();
    await openSequence(real, layout).reserve(41);
    expect(await openSequence(real, layout).reserve(1)).toBe(42);
  });

  it("begins above every number that any state holds when its file was removed", async () => {
    for (const place of ALL_PLACES) {
      const layout = await newSpool();
      const sequence = openSequence(real, layout);
      await sequence.reserve(3);
      await put(join(layout.root, place.replace("N", "70")));
      await rm(await sequenceFile(layout));
      expect(await sequence.reserve(1), place).toBe(71);
    }
  });

  it("catches up with the tasks after another boot, since its name may not have reached the disk", async () => {
    for (const place of ALL_PLACES) {
      const layout = await newSpool();
      await openSequence(real, layout).reserve(3);
      await put(join(layout.root, place.replace("N", "70")));
      await writeFile(await sequenceFile(layout), "another boot");
      expect(await openSequence(real, layout).reserve(1), place).toBe(71);
      expect(await readFile(await sequenceFile(layout), "utf8")).toBe(await bootId(real));
    }
  });

  it("does not go back after another boot when the states hold less", async () => {
    const layout = await newSpool();
    await openSequence(real, layout).reserve(50);
    await put(join(layout.done, "7.json"));
    await writeFile(await sequenceFile(layout), "another boot");
    expect(await openSequence(real, layout).reserve(1)).toBe(51);
  });

  it("looks through the states once a boot, not once a process", async () => {
    const layout = await newSpool();
    await openSequence(real, layout).reserve(1);
    const recorder = record(layout.root);
    await openSequence(recorder.system, layout).reserve(1);
    expect(recorder.calls().filter((call) => call.startsWith("opendir") && call !== "opendir run")).toEqual([]);
  });

  it("is raised by a number that a person gave, but never lowered", async () => {
    const sequence = openSequence(real, await newSpool());
    await sequence.raiseTo(1_000);
    expect(await sequence.highest()).toBe(1_000);
    await sequence.raiseTo(10);
    expect(await sequence.reserve(1)).toBe(1_001);
  });

  it("is not dragged up by an absurd number, whether given, found after a boot, or found after its removal", async () => {
    const layout = await newSpool();
    await openSequence(real, layout).raiseTo(5_000_000);
    await put(join(layout.tasks, "5000000.json"));
    await put(join(layout.tasks, "8000000000000000.json"));
    await put(join(layout.held, "12.json"));
    await writeFile(await sequenceFile(layout), "another boot");
    expect(await openSequence(real, layout).reserve(1)).toBe(13);
    await rm(join(layout.tasks, "5000000.json"));
    await rm(await sequenceFile(layout));
    expect(await openSequence(real, layout).reserve(1)).toBe(13);
  });

  it("says SPOOL_MISSING when a state is gone", async () => {
    const layout = await newSpool();
    await rm(layout.held, { recursive: true });
    await expect(openSequence(real, layout).reserve(1)).rejects.toMatchObject({
      code: "SPOOL_MISSING",
      facts: { directory: layout.held },
    });
  });
});
