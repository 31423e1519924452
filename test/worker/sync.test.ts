import { readFile, rename, rm, unlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { type Gallery, newGallery } from "../support/sync.ts";

let gallery: Gallery;

beforeEach(async () => {
  gallery = await newGallery();
});

const sourcesOf = (list: readonly { source: string }[]): string[] => list.map(({ source }) => source);

describe("a sync", () => {
  it("orders what is missing, once, and finds it fresh when it was made", async () => {
    await gallery.put("photos/cat.jpg");
    await gallery.put("photos/dog.PNG");
    const first = await gallery.sync({}, { priority: 7 });
    expect(sourcesOf(first.enqueued)).toEqual(["photos/cat.jpg", "photos/dog.PNG"]);
    expect(first).toMatchObject({ scanned: 2, fresh: 0, queued: 0, batch: "sync-1001", dryRun: false });
    const task = JSON.parse(await readFile(join(gallery.layout.tasks, "1.p7.json"), "utf8"));
    expect(task).toMatchObject({ supplicant: "sync", batch: "sync-1001", dedupe: true, priority: 7 });
    expect(await gallery.sync()).toMatchObject({ scanned: 2, queued: 2, enqueued: [] });
    expect(await gallery.work()).toEqual([1, 2]);
    expect(await gallery.sync()).toMatchObject({ scanned: 2, fresh: 2, enqueued: [] });
    expect(await gallery.sync()).toMatchObject({ scanned: 2, fresh: 2, enqueued: [] });
    expect(await gallery.waiting()).toEqual([]);
  });

  it("orders again what is older than its source, what is gone, and what was made of another picture", async () => {
    for (const name of ["newer", "gone", "older", "same"]) await gallery.put(`photos/${name}.jpg`);
    await gallery.sync();
    await gallery.work();
    await gallery.sync();
    await gallery.put("photos/newer.jpg", "changed", Date.now() / 1_000 + 5);
    await unlink(gallery.at("gallery/gone-small.webp"));
    // An old photograph takes the place of a new one: its time is before that of its outputs.
    await gallery.put("photos/older.jpg", "from the attic", 1_000);
    expect(sourcesOf((await gallery.sync()).enqueued)).toEqual([
      "photos/gone.jpg",
      "photos/newer.jpg",
      "photos/older.jpg",
    ]);
    await gallery.work();
    expect(await gallery.sync()).toMatchObject({ fresh: 4, enqueued: [] });
  });

  it("leaves alone what was there before and is no older than its source", async () => {
    await gallery.put("photos/cat.jpg");
    for (const file of ["gallery/cat-big.jpg", "gallery/cat-small.webp"]) await gallery.put(file);
    expect(await gallery.sync()).toMatchObject({ fresh: 1, enqueued: [] });
    await utimes(gallery.at("gallery/cat-big.jpg"), 1_000, 1_000);
    expect(sourcesOf((await gallery.sync()).enqueued)).toEqual(["photos/cat.jpg"]);
  });

  it("orders a picture once whose time lies in the future", async () => {
    await gallery.put("photos/cat.jpg", "cat", Date.now() / 1_000 + 1e6);
    expect((await gallery.sync()).enqueued).toHaveLength(1);
    await gallery.work();
    for (let again = 0; again < 3; again++) expect(await gallery.sync()).toMatchObject({ fresh: 1, enqueued: [] });
  });

  it("orders all anew when the recipe or its vars ask for something else", async () => {
    await gallery.put("photos/cat.jpg");
    await gallery.sync();
    await gallery.work();
    const recipe = { vars: { to: "gallery" }, outputs: [{ file: "{to}/{name}-tiny.jpg", width: 4 }] };
    await writeFile(join(gallery.layout.recipes, "mine.json"), JSON.stringify(recipe));
    expect((await gallery.sync()).enqueued).toHaveLength(1);
    await gallery.work();
    expect(await gallery.sync()).toMatchObject({ fresh: 1 });
    expect((await gallery.sync({ vars: { to: "other" } })).enqueued).toHaveLength(1);
    await gallery.work();
    await rm(gallery.at("photos/cat.jpg"));
    await gallery.put("photos/dog.jpg");
    // What the recipe made before goes with what it makes now; what other vars make is the matter of another sync.
    expect((await gallery.sync({ remove: true })).totals.removed).toBe(3);
    expect(await gallery.files("gallery")).toEqual([]);
    expect(await gallery.files("other")).toEqual(["other/cat-tiny.jpg"]);
  });

  it("leaves a picture for the next time that was changed a moment ago", async () => {
    await gallery.put("photos/cat.jpg");
    expect(await gallery.sync({ settleMs: 60_000 })).toMatchObject({ scanned: 1, unsettled: 1, enqueued: [] });
    expect(await gallery.sync()).toMatchObject({ unsettled: 0, enqueued: [{ source: "photos/cat.jpg" }] });
  });
});

describe("a task of a sync that has failed", () => {
  it("is told of and not ordered again before its source has changed", async () => {
    await gallery.put("photos/broken.jpg");
    await gallery.sync();
    await rename(join(gallery.layout.tasks, "1.json"), join(gallery.layout.failed, "1.json"));
    const failed = [{ source: "photos/broken.jpg", number: 1 }];
    for (let again = 0; again < 2; again++) expect(await gallery.sync()).toMatchObject({ failed, enqueued: [] });
    await gallery.put("photos/broken.jpg", "mended");
    expect((await gallery.sync()).enqueued).toEqual([{ source: "photos/broken.jpg", number: 2 }]);
  });

  it("is ordered again when its dead letter was taken away", async () => {
    await gallery.put("photos/broken.jpg");
    await gallery.sync();
    await unlink(join(gallery.layout.tasks, "1.json"));
    expect((await gallery.sync()).enqueued).toEqual([{ source: "photos/broken.jpg", number: 2 }]);
  });
});

describe("a source that changes while its task waits", () => {
  it("is ordered once more when that has ended, for nobody knows what it has read", async () => {
    await gallery.put("photos/cat.jpg", "before");
    await gallery.sync();
    await gallery.put("photos/cat.jpg", "after");
    expect(await gallery.sync()).toMatchObject({ queued: 1, enqueued: [] });
    expect(await gallery.sync()).toMatchObject({ queued: 1, enqueued: [] });
    await gallery.work();
    expect((await gallery.sync()).enqueued).toHaveLength(1);
    await gallery.work();
    expect(await gallery.sync()).toMatchObject({ fresh: 1, enqueued: [] });
  });
});

describe("the pictures of a sync", () => {
  beforeEach(async () => {
    const names = [
      "a.jpg",
      "b.txt",
      ".c.jpg",
      "d.jpg.part",
      "e.tiff",
      "sub/f.jpg",
      "sub/deep/g.webp",
      ".git/h.jpg",
      "a/i.jpg",
    ];
    for (const name of names) await gallery.put(`photos/${name}`);
  });

  it.each([
    [{}, ["a.jpg", "e.tiff"]],
    [{ recursive: true }, ["a/i.jpg", "a.jpg", "e.tiff", "sub/deep/g.webp", "sub/f.jpg"]],
    [{ match: ["*.TXT", "?.jpg"] }, ["a.jpg", "b.txt"]],
    [{ match: ["*f*"], recursive: true }, ["e.tiff", "sub/f.jpg"]],
    [{ match: ["[a]*"] }, []],
  ])("are those that it asks for: %j", async (data, found) => {
    const { enqueued, scanned } = await gallery.sync(data);
    expect(sourcesOf(enqueued)).toEqual(found.map((name) => `photos/${name}`));
    expect(scanned).toBe(found.length);
  });

  it("are not those of which the recipe makes no task, which are told of", async () => {
    await writeFile(join(gallery.layout.recipes, "mine.json"), '{"outputs":[{"file":"gallery/{name}{ext}"}]}');
    const { left, enqueued } = await gallery.sync({ match: ["*"] });
    expect(left).toEqual([{ file: "photos/b.txt", because: expect.stringContaining("not valid") }]);
    expect(sourcesOf(enqueued)).toEqual(["photos/a.jpg", "photos/e.tiff"]);
  });
});

describe("a sync that is told to give up", () => {
  it("ends with the reason, and what it has ordered is known to the next", async () => {
    for (let index = 0; index < 300; index++) await gallery.put(`photos/${index}.jpg`);
    const signal = AbortSignal.abort(new Error("overdue"));
    await expect(gallery.sync({}, { signal })).rejects.toThrow("overdue");
    const { totals, queued } = await gallery.sync();
    expect(totals.enqueued + queued).toBe(300);
    expect(await gallery.waiting()).toHaveLength(300);
  });
});

describe("a dry run", () => {
  it("tells the same and changes nothing", async () => {
    for (const name of ["a", "b", "c"]) await gallery.put(`photos/${name}.jpg`);
    await gallery.sync();
    await gallery.work();
    await gallery.sync();
    await unlink(gallery.at("photos/a.jpg"));
    await unlink(gallery.at("gallery/b-big.jpg"));
    const before = await gallery.files(".");
    const told = await gallery.sync({ remove: true, dryRun: true });
    expect(told).toMatchObject({
      dryRun: true,
      scanned: 2,
      fresh: 1,
      enqueued: [{ source: "photos/b.jpg", number: null }],
    });
    expect(await gallery.files(".")).toEqual(before);
    const done = await gallery.sync({ remove: true });
    expect(done.removed).toEqual(told.removed);
    expect(done.totals).toEqual(told.totals);
    expect(await gallery.sync({ dryRun: true })).toMatchObject({ queued: 1, enqueued: [] });
  });
});

describe("the result of a sync", () => {
  it("lists a thousand of a kind at most, and counts all", async () => {
    for (let index = 0; index < 1_010; index++) await gallery.put(`photos/${index}.jpg`);
    const { enqueued, totals } = await gallery.sync({ dryRun: true });
    expect([enqueued.length, totals.enqueued]).toEqual([1_000, 1_010]);
  });
});
