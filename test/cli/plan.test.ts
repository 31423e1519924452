import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { jsonLines, spoold } from "../support/cli.ts";
import { freshDirectory } from "../support/daemon.ts";
import { alphaPng, animatedGif, photographJpeg, turnedJpeg } from "../support/pictures.ts";

async function project(): Promise<string> {
  const directory = await freshDirectory();
  await mkdir(join(directory, "up"));
  await writeFile(join(directory, "up/cat.jpg"), await photographJpeg({ width: 2_000, height: 1_500 }));
  return directory;
}

function task(...outputs: object[]): string {
  return JSON.stringify({ source: "up/cat.jpg", outputs });
}

describe("spoold plan", () => {
  it("draws what is made from what, with sizes, and why it is not made from another output", async () => {
    const directory = await project();
    const input = task(
      { file: "a-100.jpg", width: 100 },
      { file: "a-800.jpg", width: 800 },
      { file: "a-300.webp", width: 300 },
      { file: "a-eye.png", width: 90, height: 80, position: "attention" },
      { file: "a-cut.png", width: 90, steps: [{ trim: true }] },
    );
    const { code, stdout, stderr } = await spoold(directory, ["plan"], { input });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.replace(/[\d.]+ MiB/g, "N MiB").split("\n")).toEqual([
      "up/cat.jpg  jpeg 2000x1500, N MiB",
      "├─ a-800.jpg  jpeg 800x600  direct: no other output is twice as large",
      "│  └─ a-300.webp  webp 300x225",
      "│     ├─ a-100.jpg  jpeg 100x75",
      "│     └─ a-cut.png  png size known once it is made",
      "└─ a-eye.png  png 90x80  direct: position attention looks at the pixels",
      "decoded twice",
      "memory  about N MiB for the worker at its peak",
      "",
    ]);
    expect(await readdir(directory)).toEqual(["up"]);
  });

  it("says the same in one line of JSON", async () => {
    const directory = await project();
    await writeFile(join(directory, "up/cat.jpg"), await turnedJpeg(6));
    await writeFile(
      join(directory, "task.json"),
      task({ file: "a.png", width: 60 }, { file: "b.png", width: 20, steps: [{ trim: true }] }),
    );
    const { code, stdout } = await spoold(directory, ["plan", "task.json", "--json"]);
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toEqual([
      {
        source: expect.objectContaining({ file: "up/cat.jpg", width: 120, height: 80, format: "jpeg", orientation: 6 }),
        outputs: [
          { file: "a.png", format: "png", width: 60, height: 40, frames: 1, from: null, because: "largest" },
          { file: "b.png", format: "png", width: null, height: null, frames: 1, from: "a.png", because: null },
        ],
        memoryMib: expect.any(Number),
      },
    ]);
  });

  it("takes a source and a recipe as add does", async () => {
    const directory = await project();
    const args = ["plan", "--source", "up/cat.jpg", "--recipe", "gallery", "--set", "album=summer"];
    const { code, stdout } = await spoold(directory, args);
    expect(code).toBe(0);
    expect(stdout).toContain("└─ gallery/summer/cat-thumb.jpg  jpeg 120x120");
  });

  it.each<[string, () => Promise<Buffer>, object, string]>([
    [
      "a moving picture",
      () => animatedGif(),
      { file: "a.webp", width: 20 },
      "a.webp  webp 20x15, 2 frames  direct: it keeps several frames",
    ],
    [
      "an enlargement",
      () => alphaPng(),
      { file: "a.png", width: 99 },
      "a.png  png 99x99  direct: it is larger than the source",
    ],
    [
      "padding",
      () => alphaPng(),
      { file: "a.png", width: 20, height: 9, fit: "contain" },
      "a.png  png 20x9  direct: fit contain pads it",
    ],
    [
      "a kernel",
      () => alphaPng(),
      { file: "a.png", width: 20, kernel: "cubic" },
      "a.png  png 20x20  direct: it names a kernel",
    ],
  ])("tells of %s", async (_what, make, output, line) => {
    const directory = await project();
    await writeFile(join(directory, "up/cat.jpg"), await make());
    const { stdout } = await spoold(directory, ["plan"], { input: task(output) });
    expect(stdout.split("\n")[1]).toBe(`└─ ${line}`);
  });
});

describe("spoold plan of a task that would fail", () => {
  const good = { file: "a.jpg", width: 20 };

  it("names each place of one that is not valid, and ends with 2", async () => {
    const directory = await project();
    const { code, stdout, stderr } = await spoold(directory, ["plan"], { input: task({ file: "a.jpg", widht: 5 }) });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^ {2}\/outputs\/0\/widht: expected .* \(did you mean "width"\?\)$/m);
  });

  it.each<[string, object, readonly string[], string]>([
    ["SOURCE_MISSING", { source: "none.jpg" }, [], "none.jpg"],
    ["SOURCE_NOT_FILE", { source: "up" }, [], "up"],
    ["SOURCE_UNSUPPORTED", { source: "notes.txt" }, [], "notes.txt"],
    ["SOURCE_TOO_MANY_PIXELS", {}, ["--max-input-pixels", "1000"], "limit 1000"],
    ["SOURCE_TOO_LARGE", {}, ["--max-input-bytes", "1000"], "limit 1000"],
    ["PATH_OUTSIDE_ROOTS", { source: "../cat.jpg" }, [], "../cat.jpg"],
    ["PATH_OUTSIDE_ROOTS", { outputs: [{ file: "away/a.jpg" }] }, [], "away/a.jpg"],
    ["PATH_OUTSIDE_ROOTS", { source: "/etc/passwd" }, [], "/etc/passwd"],
    ["OUTPUT_UNWRITABLE", { outputs: [{ file: "up", format: "png" }] }, [], "directory"],
    ["OUTPUT_UNWRITABLE", { outputs: [{ file: "spool/a.jpg" }] }, [], "it lies in the spool"],
  ])("ends with 1 and %s: %j %j", async (name, change, args, told) => {
    const directory = await project();
    await writeFile(join(directory, "notes.txt"), "no picture at all, but text");
    await symlink("/tmp", join(directory, "away"));
    const input = JSON.stringify({ source: "up/cat.jpg", outputs: [good], ...change });
    const { code, stdout, stderr } = await spoold(directory, ["plan", ...args], { input });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`[${name}]`);
    expect(stderr).toContain(told);
  });

  it("ends with 2 when a file and options tell it both", async () => {
    const directory = await project();
    const { code, stderr } = await spoold(directory, ["plan", "task.json", "--source", "a", "--recipe", "web"]);
    expect(code).toBe(2);
    expect(stderr).toContain("[USAGE]");
  });
});

describe("the settings of spoold plan", () => {
  const input = JSON.stringify({ source: "cat.jpg", outputs: [{ file: "a.jpg", width: 20 }] });

  it("are those of the daemon: the flag, else the variable, else spoold.json", async () => {
    const directory = await project();
    expect((await spoold(directory, ["plan"], { input })).code).toBe(1);
    expect((await spoold(directory, ["plan", "--root", "up"], { input })).code).toBe(0);
    expect((await spoold(directory, ["plan"], { input, env: { SPOOLD_ROOT: "up" } })).code).toBe(0);
    await mkdir(join(directory, "spool"));
    await writeFile(join(directory, "spool/spoold.json"), '{"roots":["up"],"maxInputPixels":9}');
    const limited = await spoold(directory, ["plan"], { input });
    expect([limited.code, limited.stderr]).toEqual([1, expect.stringContaining("SOURCE_TOO_MANY_PIXELS")]);
    expect((await spoold(directory, ["plan", "--max-input-pixels", "3000000"], { input })).code).toBe(0);
  });

  it("end it with 78 when they are wrong", async () => {
    const directory = await project();
    const { code, stderr } = await spoold(directory, ["plan", "--root", "nowhere"], { input });
    expect([code, stderr]).toEqual([78, expect.stringContaining("[CONFIG_INVALID]")]);
  });
});
