import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OutputFile } from "../../src/task/outcome.ts";
import { srcSetsOf } from "../../src/task/srcset.ts";
import type { Format } from "../../src/task/task.ts";

function output(file: string, width: number, height: number, format: Format = "jpeg"): OutputFile {
  return { file, path: `/root/${file}`, width, height, format, bytes: 1, sha256: "0" };
}

describe("the srcset of a task's outputs", () => {
  it("has, for each format, the widths of one picture, the narrowest first", () => {
    const outputs = [
      output("a-1600.jpg", 1600, 1067),
      output("a-400.jpg", 400, 267),
      output("a-thumb.jpg", 120, 120),
      output("a-800.webp", 800, 533, "webp"),
      output("a-400.webp", 400, 267, "webp"),
      output("a.png", 9, 9, "png"),
    ];
    expect(srcSetsOf(outputs)).toEqual({
      jpeg: "a-400.jpg 400w, a-1600.jpg 1600w",
      webp: "a-400.webp 400w, a-800.webp 800w",
    });
  });

  it("is absent when no format has one picture at two widths", () => {
    expect(srcSetsOf([])).toBeUndefined();
    expect(srcSetsOf([output("a.jpg", 8, 8), output("b.jpg", 8, 8), output("c.jpg", 4, 2)])).toBeUndefined();
  });

  it("has no pyramids: a browser can show none", () => {
    const tiles = { layout: "dz", files: 9, folder: "/root/b_files" } as const;
    expect(srcSetsOf([output("a.jpg", 400, 300), { ...output("b.dzi", 800, 600), tiles }])).toBeUndefined();
  });

  it("is read by a browser as the same files, whatever they are called", () => {
    const file = fc.string({ unit: "binary", minLength: 1 });
    fc.assert(
      fc.property(file, file, (a, b) => {
        const candidates = srcSetsOf([output(a, 20, 10), output(b, 40, 20)])?.jpeg?.split(", ") ?? [];
        const files = candidates.map((candidate) => decodeURIComponent(candidate.replace(/ \d+w$/, "")));
        expect(files).toEqual([a, b].map((text) => Buffer.from(text).toString()));
        for (const candidate of candidates) expect(candidate).toMatch(/^[^\s,]+ \d+w$/);
      }),
    );
    expect(srcSetsOf([output("\ud800,.jpg", 2, 2), output("b c.jpg", 4, 4)])?.jpeg).toBe(
      "%EF%BF%BD%2C.jpg 2w, b%20c.jpg 4w",
    );
  });
});
