import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isSpent } from "../../src/spool/finish.ts";
import type { Layout } from "../../src/spool/layout.ts";
import { openPruned, rememberPruned } from "../../src/spool/pruned.ts";
import { recover } from "../../src/spool/recover.ts";
import { openSequence } from "../../src/spool/sequence.ts";
import { standingOf } from "../../src/spool/standing.ts";
import { realSystem } from "../../src/system.ts";
import { committerOf, names, newSpool, put } from "../support/directories.ts";
import { TASK_BYTES } from "./task.ts";

const real = realSystem();

describe("a number whose traces were pruned", () => {
  async function prunedSpool(): Promise<Layout> {
    const layout = await newSpool();
    await openSequence(real, layout).raiseTo(9);
    await rememberPruned(real, layout, { done: [3, 4], cancelled: [5], failed: [6] });
    return layout;
  }

  it.each([
    [3, true],
    [5, true],
    [6, false],
    [7, false],
  ])("is spent as it was before, in tasks/: %i %s", async (number, spent) => {
    const layout = await prunedSpool();
    expect(await isSpent({ system: real, layout, pruned: openPruned(real, layout) }, number)).toBe(spent);
  });

  it("is not given to a drop that asks for it; one that was only skipped is", async () => {
    const layout = await prunedSpool();
    const numbers = [3, 5, 6, 7].map(async (wanted) => {
      const { number } = await committerOf(layout).commit({ bytes: TASK_BYTES, priority: 0, wanted });
      return number;
    });
    const given = await Promise.all(numbers);
    expect(given[3]).toBe(7);
    expect(given.slice(0, 3).toSorted((a, b) => a - b)).toEqual([10, 11, 12]);
  });

  it("is not given again when the sequence was lost", async () => {
    const layout = await prunedSpool();
    await rememberPruned(real, layout, { done: [40, 5e15], cancelled: [], failed: [] });
    await rm(join(layout.run, "sequence.9"));
    expect(await openSequence(real, layout).reserve(1)).toBe(41);
  });

  it("is not run again from a claim that was left in active/", async () => {
    const layout = await prunedSpool();
    for (const number of [3, 6]) await put(join(layout.active, `${number}.a1.json`), TASK_BYTES);
    const { finished, orphans } = await recover(real, layout);
    expect([finished, orphans.map(({ number }) => number)]).toEqual([[3], [6]]);
    expect(await names(layout.active)).toEqual(["6.a1.json"]);
  });

  it("counts as done when it had failed first and was tried again", async () => {
    const layout = await prunedSpool();
    await rememberPruned(real, layout, { done: [6], cancelled: [], failed: [] });
    expect(await standingOf(real, layout, 6)).toBe("done");
  });

  it("is asked for again when another process has pruned meanwhile", async () => {
    const layout = await prunedSpool();
    const pruned = openPruned(real, layout);
    expect(await pruned.endOf(7)).toBeUndefined();
    await rememberPruned(real, layout, { done: [7], cancelled: [], failed: [] });
    expect([await pruned.endOf(7), await pruned.endOf(3)]).toEqual(["done", "done"]);
  });
});
