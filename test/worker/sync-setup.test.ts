import { mkdir, symlink } from "node:fs/promises";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { SpooldError } from "../../src/errors.ts";
import { describeFault, faultsOfError } from "../../src/task/faults.ts";
import { matcherOf, readRequest } from "../../src/worker/handlers/sync/request.ts";
import { comparePaths } from "../../src/worker/handlers/sync/walk.ts";
import { failing, record } from "../support/recorder.ts";
import { type Gallery, newGallery } from "../support/sync.ts";

let gallery: Gallery;

beforeEach(async () => {
  gallery = await newGallery();
});

describe("a sync that cannot be", () => {
  it.each([
    ["a directory that is not there", { from: "nowhere" }, "SOURCE_MISSING"],
    ["a file", { from: "spool/recipes/mine.json/x" }, "SOURCE_MISSING"],
    ["a directory outside the roots", { from: "/etc" }, "PATH_OUTSIDE_ROOTS"],
    ["a way out of the roots", { from: "../.." }, "PATH_OUTSIDE_ROOTS"],
    ["the spool", { from: "spool/recipes" }, "SYNC_REFUSED"],
    ["a recipe that is not there", { recipe: "none" }, "RECIPE_MISSING"],
    ["vars that the recipe does not have", { vars: { two: "x" } }, "TASK_INVALID"],
    ["outputs outside the roots", { vars: { to: ".." } }, "TASK_INVALID"],
  ])("ends with an error that says why: %s", async (_what, data, code) => {
    await expect(gallery.sync(data)).rejects.toMatchObject({ code });
  });

  it("is one of a file", async () => {
    await gallery.put("photos/cat.jpg");
    const because = "it is no directory";
    await expect(gallery.sync({ from: "photos/cat.jpg" })).rejects.toMatchObject({
      code: "SYNC_REFUSED",
      facts: { because },
    });
  });

  it("is one of a directory that cannot be read", async () => {
    const readdir = (text: string): boolean => text === "readdir photos";
    const { system } = record(gallery.root, failing("EACCES", readdir));
    await expect(gallery.sync({}, { system })).rejects.toMatchObject({ code: "SOURCE_UNREADABLE" });
  });

  it.each([
    ["beside its source", "photos/{name}-small.jpg", {}, true],
    ["beside its source under a name that is not looked for", "photos/{name}-small.jpg", { match: ["?.jpg"] }, false],
    ["below, where nobody looks", "photos/small/{name}.jpg", {}, false],
    ["below, where pictures are looked for", "photos/small/{name}.jpg", { recursive: true }, true],
    ["in a hidden directory", "photos/.small/{name}.jpg", { recursive: true }, false],
  ])("is one whose outputs would be its sources: %s", async (_where, file, data, isRefused) => {
    gallery = await newGallery({ outputs: [{ file, width: 8 }] });
    await gallery.put("photos/a.jpg");
    const ended = await gallery.sync(data).catch((error: unknown) => error);
    if (isRefused) expect(ended).toMatchObject({ code: "SYNC_REFUSED" });
    else expect(ended).toMatchObject({ totals: { enqueued: 1 } });
  });

  it("is one whose pyramids lie where it looks for pictures", async () => {
    gallery = await newGallery({ outputs: [{ file: "photos/{name}.dzi", tile: {} }] });
    await expect(gallery.sync({ recursive: true })).rejects.toMatchObject({ code: "SYNC_REFUSED" });
    expect(await gallery.sync()).toMatchObject({ scanned: 0 });
  });
});

describe("a directory below that cannot be read", () => {
  it("is told of, and the others are gone through", async () => {
    for (const name of ["a/1.jpg", "b/2.jpg", "c/3.jpg"]) await gallery.put(`photos/${name}`);
    const { system } = record(
      gallery.root,
      failing("EACCES", (text) => text === "readdir photos/b"),
    );
    const { left, totals } = await gallery.sync({ recursive: true, remove: true }, { system });
    expect(left).toEqual([{ file: "photos/b", because: "the directory cannot be read: EACCES" }]);
    expect(totals.enqueued).toBe(2);
  });
});

describe("links among the sources", () => {
  it("are passed over, so that nothing is made twice and nothing outside is touched", async () => {
    await gallery.put("photos/cat.jpg");
    await symlink("cat.jpg", gallery.at("photos/again.jpg"));
    await mkdir(gallery.at("photos/sub"));
    await symlink("..", gallery.at("photos/sub/up"));
    const { scanned, enqueued } = await gallery.sync({ recursive: true });
    expect([scanned, enqueued.length]).toEqual([1, 1]);
  });
});

describe("the data of a sync", () => {
  it.each([
    [undefined, "/data: expected an object"],
    [{ recipe: "a" }, "/data/from: expected a string"],
    [{ from: "a", recipe: "A" }, "/data/recipe: expected the name of a recipe"],
    [{ from: "a", recipe: "a", match: [] }, "/data/match: expected at least 1 member"],
    [{ from: "a", recipe: "a", match: ["a/*"] }, "/data/match/0: expected a pattern of names, without /"],
    [{ from: "a", recipe: "a", remve: true }, '(did you mean "remove"?)'],
    [{ from: "a", recipe: "a", settleMs: -1 }, "/data/settleMs: expected at least 0"],
  ])("is checked as a task is: %j", (data, told) => {
    const error = new Promise((resolve) => resolve(readRequest(data))).catch((thrown: unknown) => thrown);
    return error.then((thrown) => {
      expect(thrown).toBeInstanceOf(SpooldError);
      expect(
        faultsOfError(thrown as SpooldError)
          .map(describeFault)
          .join("\n"),
      ).toContain(told);
    });
  });

  it("has defaults, among them the endings of pictures", () => {
    const { match, ...rest } = readRequest({ from: "./photos//", recipe: "a" });
    const off = { recursive: false, remove: false, allowEmpty: false, dryRun: false };
    expect(rest).toEqual({ from: "photos", recipe: "a", vars: {}, settleMs: 5_000, ...off });
    for (const name of ["a.jpg", "A.JPEG", "a.b.png", "a.webp", "a.avif", "a.gif", "a.tif", "a.tiff"])
      expect(matcherOf(match)(name)).toBe(true);
    for (const name of ["jpg", "a.jpg.txt", "a.svg", "a.dzi"]) expect(matcherOf(match)(name)).toBe(false);
  });
});

describe("patterns of names", () => {
  it("mean any text by * and any character by ?, and nothing else by anything else", () => {
    const letter = fc.constantFrom("a", "b", ".", "*", "?", "[", "é");
    const literal = (one: string): string => (one === "*" ? "[^]*" : one === "?" ? "[^]" : one.replace(/[.[]/, "\\$&"));
    fc.assert(
      fc.property(fc.array(letter, { maxLength: 8 }), fc.array(letter, { maxLength: 8 }), (pattern, name) => {
        const expected = new RegExp(`^${pattern.map(literal).join("")}$`);
        expect(matcherOf([pattern.join("")])(name.join(""))).toBe(expected.test(name.join("")));
      }),
      { numRuns: 2_000 },
    );
  });

  it("cost little, however many * there are", () => {
    const began = performance.now();
    expect(matcherOf(["*a".repeat(100)])(`${"a".repeat(99)}${"b".repeat(150)}`)).toBe(false);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe("the order of paths", () => {
  it("is that of a walk: what lies in a directory comes where its name does", () => {
    const names = ["a", "a/b", "a.jpg", "a/b.jpg", "b", "a/b/c.jpg", "A"].sort(comparePaths);
    expect(names).toEqual(["A", "a", "a/b", "a/b/c.jpg", "a/b.jpg", "a.jpg", "b"]);
  });
});
