import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { restoreTakenDrops, takeIn } from "../../src/spool/intake.ts";
import { readTaskFile } from "../../src/spool/task-file.ts";
import { realSystem } from "../../src/system.ts";
import { committerOf, names, newSpool, put } from "../support/directories.ts";
import { failing, record } from "../support/recorder.ts";

describe("a drop that cannot be removed when its copy is committed", () => {
  it("goes later: when its task has ended, a start would take it for a new one", async () => {
    const layout = await newSpool();
    let isBroken = true;
    const { system } = record(
      layout.root,
      failing("EIO", (text) => isBroken && text.startsWith("unlink tmp/taken.")),
    );
    const committer = committerOf(layout, system);
    const file = await readTaskFile(system, await put(join(layout.tasks, "7.json")));
    if (file.kind === "unreadable") throw new Error(file.because);
    const intake = await takeIn({ system, layout, committer }, "7.json", file);
    expect(intake).toMatchObject({ kind: "accepted", number: 7 });
    await committer.tidy();
    expect(await names(layout.tmp)).toHaveLength(2);
    isBroken = false;
    await committer.tidy();
    expect(await names(layout.tmp)).toEqual([]);
    await rm(join(layout.tasks, "7.json"));
    expect(await restoreTakenDrops(realSystem(), layout)).toEqual([]);
  });
});
