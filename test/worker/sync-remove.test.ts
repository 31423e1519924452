import { mkdir, rm, unlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { errno, failing, record } from "../support/recorder.ts";
import { type Gallery, newGallery } from "../support/sync.ts";

let gallery: Gallery;

beforeEach(async () => {
  gallery = await newGallery();
});

const REMOVE = { remove: true };

/** A gallery that a sync has brought up to date. */
async function synced(...names: readonly string[]): Promise<void> {
  for (const name of names) await gallery.put(`photos/${name}`);
  await gallery.sync({ recursive: true });
  await gallery.work();
  await gallery.sync({ recursive: true });
}

describe("outputs whose source is gone", () => {
  it("are removed when that is asked for, and their source is forgotten", async () => {
    await synced("cat.jpg", "dog.jpg");
    await unlink(gallery.at("photos/cat.jpg"));
    expect((await gallery.sync()).totals).toMatchObject({ removed: 0, left: 0 });
    const { removed } = await gallery.sync(REMOVE);
    expect(removed).toEqual([{ file: "gallery/cat-big.jpg" }, { file: "gallery/cat-small.webp" }]);
    expect(await gallery.files("gallery")).toEqual(["gallery/dog-big.jpg", "gallery/dog-small.webp"]);
    expect((await gallery.sync(REMOVE)).totals).toMatchObject({ removed: 0, left: 0 });
  });

  it("stay when a task was never seen to make them, or when they were changed since", async () => {
    for (const file of ["gallery/old-big.jpg", "gallery/old-small.webp"]) await gallery.put(file);
    await synced("old.jpg", "cat.jpg", "dog.jpg");
    await gallery.put("gallery/cat-big.jpg", "somebody's own");
    for (const name of ["old", "cat"]) await unlink(gallery.at(`photos/${name}.jpg`));
    const { removed, left } = await gallery.sync(REMOVE);
    expect(removed).toEqual([{ file: "gallery/cat-small.webp" }]);
    expect(left.map(({ file, because }) => `${file}: ${because}`)).toEqual([
      "gallery/cat-big.jpg: it was changed since it was made",
      "gallery/old-big.jpg: nobody knows that a sync had it made",
      "gallery/old-small.webp: nobody knows that a sync had it made",
    ]);
  });

  it("stay when another source makes them too, and are made of that one anew", async () => {
    await synced("b/cat.jpg", "a/cat.jpg");
    await rm(gallery.at("photos/b"), { recursive: true });
    const { removed, left } = await gallery.sync({ ...REMOVE, recursive: true });
    expect(removed).toEqual([]);
    expect(left).toContainEqual({ file: "gallery/cat-big.jpg", because: "another source makes it" });
    expect((await gallery.sync({ recursive: true })).enqueued).toMatchObject([{ source: "photos/a/cat.jpg" }]);
    await gallery.work();
    expect(await gallery.sync({ recursive: true })).toMatchObject({ fresh: 1, enqueued: [] });
  });

  it("stay while the task that may make them has not ended", async () => {
    await synced("cat.jpg", "dog.jpg");
    await gallery.put("photos/cat.jpg", "changed");
    await gallery.sync();
    await unlink(gallery.at("photos/cat.jpg"));
    expect((await gallery.sync(REMOVE)).left).toEqual([{ file: "photos/cat.jpg", because: "its task has not ended" }]);
    await gallery.work();
    expect((await gallery.sync(REMOVE)).totals).toMatchObject({ removed: 2, left: 0 });
  });

  it("stay when their source is there and is only not looked for any more", async () => {
    await synced("cat.jpg", "sub/dog.jpg");
    expect((await gallery.sync({ ...REMOVE, match: ["*.png"] })).totals).toMatchObject({ removed: 0, left: 0 });
    expect(await gallery.files("gallery")).toHaveLength(4);
    await rm(gallery.at("photos/sub"), { recursive: true });
    expect((await gallery.sync(REMOVE)).totals).toMatchObject({ removed: 2 });
  });
});

describe("a pyramid whose source is gone", () => {
  const DEEPZOOM = { outputs: [{ file: "zoom/{name}.dzi", tile: { layout: "dz" } }] };

  beforeEach(async () => {
    gallery = await newGallery(DEEPZOOM);
    await synced("slide.jpg", "other.jpg");
    await unlink(gallery.at("photos/slide.jpg"));
  });

  it("is removed with its folder", async () => {
    expect((await gallery.sync(REMOVE)).removed).toEqual([{ file: "zoom/slide.dzi" }]);
    expect(await gallery.files("zoom")).toEqual(["zoom/other.dzi", "zoom/other_files/0/0_0.jpeg"]);
  });

  it("is left as it is when its folder holds anything but tiles", async () => {
    await gallery.put("zoom/slide_files/0/notes.txt");
    const { removed, left } = await gallery.sync(REMOVE);
    expect(removed).toEqual([]);
    expect(left).toEqual([{ file: "zoom/slide.dzi", because: expect.stringContaining("more than tiles") }]);
    expect(await gallery.files("zoom")).toContain("zoom/slide.dzi");
  });
});

describe("a directory in which no picture is left", () => {
  it("removes nothing unless it is said to be so", async () => {
    await synced("cat.jpg", "sub/dog.jpg");
    await rm(gallery.at("photos"), { recursive: true });
    await mkdir(gallery.at("photos"));
    await writeFile(gallery.at("photos/README"), "not mounted");
    const refused = { code: "SYNC_REFUSED", facts: { from: "photos", known: 2 } };
    await expect(gallery.sync(REMOVE)).rejects.toMatchObject(refused);
    await expect(gallery.sync({ ...REMOVE, dryRun: true })).rejects.toMatchObject(refused);
    expect(await gallery.sync()).toMatchObject({ scanned: 0 });
    expect(await gallery.files("gallery")).toHaveLength(4);
    expect((await gallery.sync({ ...REMOVE, allowEmpty: true })).totals).toMatchObject({ removed: 4 });
  });

  it("below that of the sync lets the outputs of its pictures be", async () => {
    await synced("cat.jpg", "mount/deep/dog.jpg");
    await rm(gallery.at("photos/mount/deep"), { recursive: true });
    const because = "its directory is empty: it may not be mounted";
    const { left, removed } = await gallery.sync({ ...REMOVE, recursive: true });
    expect([left, removed]).toEqual([[{ file: "photos/mount/deep/dog.jpg", because }], []]);
    expect((await gallery.sync({ ...REMOVE, recursive: true, allowEmpty: true })).totals.removed).toBe(2);
  });
});

describe("a file that cannot be removed", () => {
  it("is told of, and another sync tries again", async () => {
    await synced("cat.jpg", "dog.jpg");
    await unlink(gallery.at("photos/cat.jpg"));
    const { system } = record(
      gallery.root,
      failing("EACCES", (text) => text === "unlink gallery/cat-big.jpg"),
    );
    const { removed, left } = await gallery.sync(REMOVE, { system });
    expect(removed).toEqual([{ file: "gallery/cat-small.webp" }]);
    expect(left).toEqual([{ file: "gallery/cat-big.jpg", because: expect.stringContaining("cannot be written") }]);
    expect((await gallery.sync(REMOVE)).removed).toEqual([{ file: "gallery/cat-big.jpg" }]);
  });

  it("pauses the daemon when its file system is read-only", async () => {
    await synced("cat.jpg", "dog.jpg");
    await unlink(gallery.at("photos/cat.jpg"));
    const { system } = record(
      gallery.root,
      failing("EROFS", (text) => text.startsWith("unlink gallery/")),
    );
    await expect(gallery.sync(REMOVE, { system })).rejects.toMatchObject({ code: "DISK_READ_ONLY" });
    expect((await gallery.sync(REMOVE)).totals.removed).toBe(2);
  });
});

describe("a sync that is killed", () => {
  const CHANGE = /^(create|write|fsync|link|mkdir|rename|symlink|unlink|rm|rmdir) /;

  /** Runs a sync that dies before its nth change. @returns whether it came to its end */
  async function killedAt(last: number, data: Readonly<Record<string, unknown>>): Promise<boolean> {
    let calls = 0;
    const dead = record(gallery.root, (text) => {
      if (CHANGE.test(text) && calls++ >= last) throw errno("EIO");
    });
    return gallery.sync(data, { system: dead.system }).then(
      () => true,
      () => false,
    );
  }

  it("while it orders queues each source once, and the next knows what was made of all", async () => {
    let kills = 0;
    for (let last = 0; ; last++) {
      gallery = await newGallery();
      for (const name of ["a", "b"]) await gallery.put(`photos/${name}.jpg`);
      const isWhole = await killedAt(last, {});
      await gallery.sync();
      expect(await gallery.waiting(), `killed at change ${last}`).toEqual(["photos/a.jpg", "photos/b.jpg"]);
      await gallery.work();
      await unlink(gallery.at("photos/a.jpg"));
      expect((await gallery.sync(REMOVE)).totals, `killed at change ${last}`).toMatchObject({ removed: 2, left: 0 });
      if (isWhole) break;
      kills += 1;
    }
    expect(kills).toBeGreaterThan(10);
  });

  it("while it removes has removed all of it and nothing else when the next has gone on", async () => {
    let kills = 0;
    for (let last = 0; ; last++) {
      gallery = await newGallery({ outputs: [{ file: "out/{name}.dzi", tile: {} }, { file: "out/{name}-small.jpg" }] });
      await synced("a.jpg", "b.jpg");
      await unlink(gallery.at("photos/a.jpg"));
      const isWhole = await killedAt(last, REMOVE);
      await gallery.sync(REMOVE);
      expect(await gallery.files("out"), `killed at change ${last}`).toEqual([
        "out/b-small.jpg",
        "out/b.dzi",
        "out/b_files/0/0_0.jpeg",
      ]);
      if (isWhole) break;
      kills += 1;
    }
    expect(kills).toBeGreaterThan(10);
  });

  it("leaves half a line in its journal at most, which means nothing", async () => {
    await gallery.put("photos/a.jpg");
    await gallery.sync();
    const { layout } = gallery;
    await mkdir(join(layout.run, "sync"), { recursive: true });
    const [manifest = ""] = (await gallery.files("spool/run/sync")).filter((name) => name.endsWith(".jsonl"));
    await writeFile(gallery.at(manifest.replace(/\.jsonl$/, ".7-1.journal")), '{"path":"a.jpg","sta');
    expect(await gallery.sync()).toMatchObject({ scanned: 1, queued: 1 });
  });
});

describe("outputs whose receipts were pruned", () => {
  it("count as made by their tasks when they are no older than these", async () => {
    await gallery.put("photos/cat.jpg");
    await gallery.put("photos/dog.jpg");
    await gallery.sync();
    await gallery.work();
    await rm(join(gallery.layout.done, "1.json"));
    await writeFile(join(gallery.layout.run, "pruned"), '{"done":[[1,1]],"cancelled":[],"failed":[]}');
    await utimes(gallery.at("gallery/cat-small.webp"), 1_500_000_000, 1_500_000_000);
    await gallery.sync();
    await unlink(gallery.at("photos/cat.jpg"));
    const { removed, left } = await gallery.sync(REMOVE);
    expect(removed).toEqual([{ file: "gallery/cat-big.jpg" }]);
    expect(left).toHaveLength(1);
  });
});
