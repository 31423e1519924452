import { link } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { restoreTakenDrops } from "../../src/spool/intake.ts";
import { newSpool, put } from "../support/directories.ts";
import { record } from "../support/recorder.ts";

describe("a drop that a start finds taken", () => {
  const nonce = `${"0".repeat(8)}-0000-0000-0000-${"0".repeat(12)}`;

  it("keeps a durable name until it has another one", async () => {
    const layout = await newSpool();
    await put(join(layout.tmp, `taken.${nonce}.cat.json`));
    const recorder = record(layout.root);
    await restoreTakenDrops(recorder.system, layout);
    expect(recorder.lines()).toEqual([
      "link tmp/taken.#1.cat.json tasks/cat.json",
      "fsync tasks",
      "unlink tmp/taken.#1.cat.json",
    ]);
  });

  it("is gone for good before its copy loses the second name by which it is known", async () => {
    const layout = await newSpool();
    await put(join(layout.tmp, `taken.${nonce}.cat.json`));
    await link(await put(join(layout.tmp, `${nonce}.json`)), join(layout.tasks, "9.json"));
    const recorder = record(layout.root);
    await restoreTakenDrops(recorder.system, layout);
    expect(recorder.lines()).toEqual(["unlink tmp/taken.#1.cat.json", "fsync tmp", "unlink tmp/#1.json"]);
  });
});
