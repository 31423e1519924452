import { createHash } from "node:crypto";
import { link, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { prepareSharp } from "../../src/image/decoders.ts";
import type { Limits } from "../../src/image/limits.ts";
import { type FileSystem, realSystem, type System } from "../../src/system.ts";
import { checkPictureTask } from "../../src/task/parse.ts";
import type { Task } from "../../src/task/task.ts";
import { perform } from "../../src/worker/perform.ts";
import type { PreparedOutput, RunResult } from "../../src/worker/protocol.ts";
import { DEFAULT_LIMITS } from "../support/limits.ts";
import { photographJpeg, SVG, turnedJpeg } from "../support/pictures.ts";
import { SILENT } from "../support/workers.ts";

const system = realSystem();
let root: string;

beforeAll(() => prepareSharp());

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "spoold-perform-")));
  await writeFile(join(root, "cat.jpg"), await photographJpeg());
});

afterEach(() => rm(root, { recursive: true }));

describe("a task that can be done", () => {
  it("leaves each output whole under its temporary name, and no final one", async () => {
    const outputs = prepared(
      await run({
        outputs: [
          { file: "a.jpg", width: 100 },
          { file: "new/b.webp", height: 30 },
        ],
      }),
    );
    expect(outputs.map(({ file, format, width, height }) => ({ file, format, width, height }))).toEqual([
      { file: "a.jpg", format: "jpeg", width: 100, height: 75 },
      { file: "new/b.webp", format: "webp", width: 40, height: 30 },
    ]);
    for (const { temporary, bytes, sha256, width } of outputs) {
      const written = await readFile(temporary);
      expect(written.length).toBe(bytes);
      expect(createHash("sha256").update(written).digest("hex")).toBe(sha256);
      expect((await sharp(written).metadata()).width).toBe(width);
    }
    expect((await names()).sort()).toEqual([".spoold-7-0.tmp", "cat.jpg", "new"]);
    expect(await readdir(join(root, "new"))).toEqual([".spoold-7-1.tmp"]);
  });

  it("tells what was read, measured upright", async () => {
    const bytes = await turnedJpeg(6);
    await writeFile(join(root, "cat.jpg"), bytes);
    expect(await run({})).toMatchObject({
      kind: "prepared",
      source: { path: join(root, "cat.jpg"), width: 120, height: 80, bytes: bytes.length, format: "jpeg" },
    });
  });

  it("tells how it lay, and what a page can draw before a picture is there", async () => {
    await writeFile(join(root, "cat.jpg"), await turnedJpeg(6));
    expect(await run({})).toMatchObject({
      source: { orientation: 6, dominant: "#ffffff", thumbhash: expect.stringMatching(/^[\w+/]{20,36}={0,2}$/) },
    });
  });

  it("can be done again, over what an attempt before it left", async () => {
    await run({});
    expect(prepared(await run({}))).toHaveLength(1);
  });

  it("has a result that survives the way to the daemon", async () => {
    const result = await run({});
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });
});

describe("a task that cannot be done leaves nothing", () => {
  it.each([
    ["SOURCE_MISSING", { source: "none.jpg" }],
    ["SOURCE_NOT_FILE", { source: "sub" }],
    ["PATH_OUTSIDE_ROOTS", { source: "../x.jpg" }],
    ["PATH_OUTSIDE_ROOTS", { outputs: [{ file: "ok.png" }, { file: "../x.png" }] }],
    ["PATH_OUTSIDE_ROOTS", { outputs: [{ file: "ok.png" }, { file: "out/x.png" }] }],
    ["OUTPUT_UNWRITABLE", { outputs: [{ file: "ok.png" }, { file: "sub", format: "png" }] }],
    ["OUTPUT_UNWRITABLE", { outputs: [{ file: "ok.png" }, { file: "cat.jpg/x.png" }] }],
    ["SOURCE_SHUT", { source: "drawing.jpg", outputs: [{ file: "new/x.png" }] }],
    ["SOURCE_DAMAGED", { source: "short.jpg", outputs: [{ file: "new/x.png" }] }],
    ["OUTPUT_TOO_LARGE", { source: "wide.png", outputs: [{ file: "new/ok.png" }, { file: "new/x.webp" }] }],
  ] as const)("%s: %j", async (code, task) => {
    await mkdir(join(root, "sub"));
    await symlink(tmpdir(), join(root, "out"));
    await writeFile(join(root, "drawing.jpg"), SVG);
    await writeFile(join(root, "short.jpg"), (await photographJpeg()).subarray(0, 9_000));
    await sharp({ create: { width: 17_000, height: 1, channels: 3, background: "red" } }).toFile(
      join(root, "wide.png"),
    );
    const before = await names();
    expect(await run(task as Partial<Task>)).toMatchObject({ kind: "failed", error: { code } });
    expect(await names()).toEqual(before);
  });

  it("over the limits", async () => {
    const { size } = await stat(join(root, "cat.jpg"));
    const limits = { maxInputPixels: 320 * 240, maxInputBytes: size };
    expect(await run({}, { limits })).toMatchObject({ kind: "prepared" });
    expect(await run({}, { limits: { ...limits, maxInputPixels: 320 * 240 - 1 } })).toMatchObject({
      error: { code: "SOURCE_TOO_MANY_PIXELS" },
    });
    expect(await run({}, { limits: { ...limits, maxInputBytes: size - 1 } })).toMatchObject({
      error: { code: "SOURCE_TOO_LARGE" },
    });
  });

  it("when an output would take the source's place, by whatever name", async () => {
    await mkdir(join(root, "sub"));
    await symlink(root, join(root, "sub", "up"));
    await symlink("cat.jpg", join(root, "alias.jpg"));
    await link(join(root, "cat.jpg"), join(root, "twin.jpg"));
    const tasks = [
      ...[{ file: "sub/up/cat.jpg" }, { file: "alias.jpg" }, { file: "twin.jpg" }].map((output) => ({
        outputs: [output],
      })),
      { source: "alias.jpg", outputs: [{ file: "cat.jpg" }] },
      { source: "alias.jpg", outputs: [{ file: "sub/up/alias.jpg" }] },
    ];
    for (const task of tasks)
      expect(await run(task)).toMatchObject({
        error: { code: "OUTPUT_UNWRITABLE", facts: { because: "it would overwrite the source" } },
      });
    expect((await names()).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("when an output would take the place of what a step reads, under whatever name", async () => {
    await writeFile(join(root, "logo.png"), await photographJpeg({ width: 8, height: 8 }));
    await mkdir(join(root, "sub"));
    await symlink("../logo.png", join(root, "sub", "alias.png"));
    const steps = [{ composite: { input: "logo.png" } }];
    expect(await run({ outputs: [{ file: "sub/alias.png", steps }] })).toMatchObject({
      kind: "failed",
      error: { code: "OUTPUT_UNWRITABLE", facts: { because: "a step reads it" } },
    });
    prepared(await run({ outputs: [{ file: "sub/other.png", steps }] }));
  });

  it.each([
    ["none.png", "SOURCE_MISSING"],
    ["../secret.png", "PATH_OUTSIDE_ROOTS"],
    ["text.png", "SOURCE_UNSUPPORTED"],
  ])("when an overlay is none that may be opened: %s", async (input, code) => {
    await writeFile(join(root, "text.png"), "text");
    const outputs = [{ file: "a.png", steps: [{ composite: { input } }] }];
    expect(await run({ outputs })).toMatchObject({ kind: "failed", error: { code } });
  });

  it("when a step cannot be done: it is the output that failed, with sharp's words", async () => {
    const steps = [{ extract: { left: 0, top: 0, width: 5_000, height: 1 } }, { flip: true as const }];
    expect(await run({ outputs: [{ file: "a.png", steps }] })).toMatchObject({
      kind: "failed",
      error: { code: "OUTPUT_FAILED", facts: { file: "a.png" }, causes: [expect.stringContaining("extract_area")] },
    });
  });

  it("when two outputs have one path behind a link", async () => {
    await mkdir(join(root, "sub"));
    await symlink("sub", join(root, "other"));
    expect(await run({ outputs: [{ file: "sub/a.png" }, { file: "other/a.png" }] })).toMatchObject({
      error: { code: "OUTPUT_UNWRITABLE", facts: { file: "other/a.png" } },
    });
  });

  it("when the disk fills up at the second output", async () => {
    let opened = 0;
    const open = async (...call: Parameters<FileSystem["open"]>) => {
      const handle = await system.fs.open(...call);
      if (String(call[0]).endsWith("-1.tmp")) {
        opened += 1;
        handle.writeFile = () => Promise.reject(Object.assign(new Error("no space left"), { code: "ENOSPC" }));
      }
      return handle;
    };
    const full: System = { ...system, fs: { ...system.fs, open } };
    const result = await run({ outputs: [{ file: "a.png" }, { file: "b.png" }] }, { through: full });
    expect(result).toMatchObject({ kind: "failed", error: { code: "DISK_FULL", causes: ["no space left"] } });
    expect(opened).toBe(1);
    expect(await names()).toEqual(["cat.jpg"]);
  });
});

interface RunOptions {
  readonly limits?: Partial<Limits>;
  readonly through?: System;
}

function run(task: Partial<Task>, { limits, through = system }: RunOptions = {}): Promise<RunResult> {
  const request = {
    kind: "run" as const,
    number: 7,
    attempt: 1,
    task: checkPictureTask({ source: "cat.jpg", outputs: [{ file: "out-cat.png", width: 20 }], ...task }),
    roots: [root],
    limits: { ...DEFAULT_LIMITS, ...limits },
    spool: join(root, "spool"),
    handlers: join(root, "handlers"),
    timeoutMs: 60_000,
    tag: "7",
  };
  return perform(through, request, SILENT);
}

function prepared(result: RunResult): readonly PreparedOutput[] {
  if (result.kind !== "prepared") throw new Error(JSON.stringify(result));
  return result.outputs;
}

function names(): Promise<string[]> {
  return readdir(root);
}
