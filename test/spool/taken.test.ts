import { link } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { restoreTakenDrops } from "../../src/spool/intake.ts";
import { filesByState, names, newSpool, put } from "../support/directories.ts";
import { failing, record } from "../support/recorder.ts";

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

  it("has one name again when it cannot be made durable: of two the next start would make two drops", async () => {
    const layout = await newSpool();
    await put(join(layout.tmp, `taken.${nonce}.cat.json`));
    const short = record(
      layout.root,
      failing("EMFILE", (text) => text === "fsync tasks"),
    );
    await expect(restoreTakenDrops(short.system, layout)).rejects.toMatchObject({ code: "EMFILE" });
    expect(await filesByState(layout)).toEqual(["tasks/cat.json"]);
    expect(await names(layout.tmp)).toEqual([]);
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
