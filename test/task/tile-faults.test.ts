import { describe, expect, it } from "vitest";
import { SpooldError } from "../../src/errors.ts";
import { faultsOfError } from "../../src/task/faults.ts";
import { checkTask } from "../../src/task/parse.ts";

/** The places of what is wrong with a task, and what stands there. */
function faultsOf(outputs: readonly object[], source = "cat.tif"): readonly unknown[] {
  try {
    checkTask({ source, outputs });
    return [];
  } catch (error) {
    if (!(error instanceof SpooldError)) throw error;
    return faultsOfError(error).map(({ pointer, received }) => [pointer, received]);
  }
}

describe("a pyramid is taken", () => {
  it.each([
    { file: "a/cat.dzi", tile: {} },
    { file: "CAT.DZI", tile: { layout: "dz", size: 254, overlap: 1, depth: "onetile", skipBlanks: 0, angle: 270 } },
    { file: "cat", tile: { layout: "zoomify", background: "#fff" }, quality: 70, encode: { mozjpeg: true } },
    { file: "cat.v2/maps", tile: { layout: "google", centre: true, overlap: 0 }, format: "webp" },
    { file: "cat", tile: { layout: "iiif3", id: "https://example.org/iiif" }, format: "jpeg" },
    { file: "cat", tile: { layout: "iiif", size: 1 }, format: "png", encode: { compressionLevel: 9 } },
    { file: "cat.zip", tile: { container: "zip", layout: "google", basename: "map of cats" } },
    { file: "cat.szi", tile: { container: "zip" }, width: 100, steps: [{ grayscale: true }] },
  ])("that says %j", (output) => {
    expect(faultsOf([output])).toEqual([]);
  });
});

describe("a pyramid is turned away, with the place and what stands there,", () => {
  it.each<[object, string, unknown]>([
    [{ file: "cat.jpg", tile: {} }, "/file", "cat.jpg"],
    [{ file: "a/.dzi", tile: {} }, "/file", "a/.dzi"],
    [{ file: "cat.dzi", tile: { layout: "google" } }, "/file", "cat.dzi"],
    [{ file: "cat.png", tile: { layout: "zoomify" } }, "/file", "cat.png"],
    [{ file: "cat.dzi", tile: { container: "zip" } }, "/file", "cat.dzi"],
    [{ file: "cat.szi", tile: { container: "zip", layout: "iiif" } }, "/file", "cat.szi"],
    [{ file: "cat.zip", tile: { layout: "iiif" } }, "/file", "cat.zip"],
    [{ file: "cat.dzi", tile: { size: 0 } }, "/tile/size", 0],
    [{ file: "cat.dzi", tile: { size: 8_193 } }, "/tile/size", 8_193],
    [{ file: "cat.dzi", tile: { overlap: 257 } }, "/tile/overlap", 257],
    [{ file: "cat", tile: { layout: "google", overlap: 1 } }, "/tile/overlap", 1],
    [{ file: "cat.dzi", tile: { angle: 45 } }, "/tile/angle", 45],
    [{ file: "cat.dzi", tile: { centre: true } }, "/tile/centre", true],
    [{ file: "cat", tile: { layout: "google", centre: true, center: true } }, "/tile/center", true],
    [{ file: "cat.dzi", tile: { id: "https://a.b/" } }, "/tile/id", "https://a.b/"],
    [{ file: "cat", tile: { layout: "iiif", id: 'https://a"b' } }, "/tile/id", 'https://a"b'],
    [{ file: "cat.dzi", tile: { basename: "x" } }, "/tile/basename", "x"],
    [{ file: "cat.zip", tile: { container: "zip", basename: "../x" } }, "/tile/basename", "../x"],
    [{ file: "cat.dzi", tile: { layout: "deepzoom" } }, "/tile/layout", "deepzoom"],
    [{ file: "cat.dzi", tile: { tilesize: 1 } }, "/tile/tilesize", 1],
    [{ file: "cat.dzi", tile: {}, format: "avif" }, "/format", "avif"],
    [{ file: "cat.dzi", tile: {}, format: "png", quality: 50 }, "/quality", 50],
    [{ file: "cat.dzi", tile: {}, format: "png", encode: { colours: 4 } }, "/encode/colours", 4],
    [{ file: "cat.dzi", tile: {}, format: "webp", encode: { loop: 4 } }, "/encode/loop", 4],
    [{ file: "cat.dzi", tile: {}, encode: { lossless: true } }, "/encode/lossless", true],
  ])("when it says %j", (output, place, received) => {
    expect(faultsOf([output])).toEqual([[`/outputs/0${place}`, JSON.stringify(received)]]);
  });

  it("when its folder holds what the task reads", () => {
    const tile = { layout: "google" };
    expect(faultsOf([{ file: "a", tile }], "a/cat.tif")).toEqual([["/outputs/0/file", '"a/cat.tif"']]);
    expect(faultsOf([{ file: "b/../a/cat.dzi", tile: {} }], "./a/cat_files/x.tif")).toHaveLength(1);
    const steps = [{ composite: { input: "a/logo.png" } }];
    expect(
      faultsOf([
        { file: "a", tile },
        { file: "b.png", steps },
      ]),
    ).toEqual([["/outputs/0/file", '"a/logo.png"']]);
    expect(faultsOf([{ file: "a", tile }], "ab.tif")).toEqual([]);
  });

  it("when another output lies in its folder, or has its folder's name", () => {
    const pyramid = { file: "a/cat.dzi", tile: {} };
    const tile = { layout: "zoomify" };
    expect(faultsOf([pyramid, { file: "a/cat_files/b.jpg" }])).toEqual([["/outputs/1/file", '"a/cat_files/b.jpg"']]);
    expect(faultsOf([pyramid, { file: "a/cat_files", tile }])).toEqual([
      ["/outputs/1/file", '"a/cat_files"'],
      ["/outputs/0/file", '"a/cat.dzi"'],
    ]);
    expect(faultsOf([pyramid, { file: "a", tile }])).toEqual([["/outputs/0/file", '"a/cat.dzi"']]);
    expect(faultsOf([pyramid, { file: "a/cat.DZI", tile: {} }])).toHaveLength(2);
    expect(faultsOf([pyramid, { file: "a/cat.jpg" }])).toEqual([]);
  });
});
