import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeEach, describe, expect, it } from "vitest";
import type { NewTask, Receipt } from "../../src/index.ts";
import { freshDirectory, startDaemon, until } from "../support/daemon.ts";
import { animatedGif, photograph, SVG } from "../support/pictures.ts";
import { quickTask, spoolIn } from "../support/spool.ts";
import { workersOf } from "../support/workers.ts";

let directory: string;

beforeEach(async () => {
  directory = await freshDirectory();
  const size = { width: 60, height: 40 };
  const put = (name: string, bytes: Buffer | string): Promise<void> => writeFile(join(directory, name), bytes);
  await put("quick.jpg", await photograph(size).jpeg().toBuffer());
  await put("progressive.jpg", await photograph(size).jpeg({ progressive: true }).toBuffer());
  await put("film.gif", await animatedGif());
  await put("drawing.svg", SVG);
  // What it says takes years to draw, and its decoder cannot be asked to stop.
  await put("endless.svg", endlessDrawing());
});

describe("a daemon's settings hold in its workers", () => {
  it.each([
    ["input-formats", "png,jpeg", "SOURCE_SHUT", { source: "film.gif", outputs: [{ file: "a.jpg" }] }],
    ["max-input-frames", "1", "SOURCE_TOO_MANY_FRAMES", { source: "film.gif", outputs: [{ file: "a.gif" }] }],
    [
      "max-progressive-pixels",
      "2399",
      "SOURCE_PROGRESSIVE",
      { source: "progressive.jpg", outputs: [{ file: "a.jpg" }] },
    ],
    ["max-output-side", "90", "OUTPUT_TOO_LARGE", { source: "quick.jpg", outputs: [{ file: "a.jpg", width: 91 }] }],
    ["max-output-side", "59", "OUTPUT_TOO_LARGE", { source: "quick.jpg", outputs: [{ file: "a.jpg" }] }],
  ])("--%s %s refuses with %s", async (flag, value, code, task) => {
    await startDaemon(directory, [`--${flag}`, value]);
    expect(await endOf(task)).toMatchObject({ cause: { code } });
  });

  it("and for what is laid on a picture as well", async () => {
    await startDaemon(directory, ["--max-progressive-pixels", "2399"]);
    const laid = (input: string): NewTask => ({
      source: "quick.jpg",
      outputs: [{ file: "a.jpg", steps: [{ composite: { input } }] }],
    });
    expect(await endOf(laid("progressive.jpg"))).toMatchObject({ cause: { code: "SOURCE_PROGRESSIVE" } });
    expect(await endOf(laid("drawing.svg"))).toMatchObject({ cause: { code: "SOURCE_SHUT" } });
    expect(await endOf(laid("quick.jpg"))).toMatchObject({ outputs: [{ width: 60 }] });
  });
});

describe("a drawing", () => {
  const task = { source: "drawing.svg", outputs: [{ file: "a.png", width: 400 }] };

  it("is refused by a daemon that was told nothing, with the setting that would open it", async () => {
    await startDaemon(directory);
    expect(await endOf(task)).toMatchObject({
      cause: { code: "SOURCE_SHUT", facts: { format: "svg" }, hint: expect.stringContaining("--input-formats") },
    });
  });

  it("is drawn by one that opens it, as source and as overlay", async () => {
    await startDaemon(directory, ["--input-formats", "svg,jpeg"]);
    expect(await endOf(task)).toMatchObject({ source: { format: "svg" }, outputs: [{ width: 400, height: 300 }] });
    const steps = [{ composite: { input: "drawing.svg" } }];
    expect(await endOf({ source: "quick.jpg", outputs: [{ file: "b.png", steps }] })).toHaveProperty("outputs");
    const { data } = await sharp(join(directory, "b.png")).raw().toBuffer({ resolveWithObject: true });
    expect([...data.subarray((20 * 60 + 30) * 3, (20 * 60 + 30) * 3 + 3)]).toEqual([0, 0, 0]);
  });
});

describe("a worker that is deep in a decoder", () => {
  it("is killed at the deadline, not when it is done, and the next task runs", async () => {
    await startDaemon(directory, ["--input-formats", "svg,jpeg", "--concurrency", "1"]);
    const spool = await spoolIn(directory);
    const late = await spool.enqueue({ ...quickTask("late"), source: "endless.svg", timeoutMs: 500, maxAttempts: 1 });
    const next = await spool.enqueue(quickTask("next"));
    await expect(late.done()).rejects.toMatchObject({ cause: { code: "TASK_TIMED_OUT", facts: { timeoutMs: 500 } } });
    expect((await next.done()).outputs).toHaveLength(1);
  });
});

describe("a worker's environment", () => {
  it.runIf(process.platform === "linux")("holds what it needs, by name, and nothing else", async () => {
    const daemon = await startDaemon(directory, [], {
      SECRET: "a",
      LD_PRELOAD: "",
      NODE_OPTIONS: "",
      MALLOC_ARENA_MAX: "9",
    });
    const [worker] = await until(async () => {
      const workers = await workersOf(daemon.pid);
      return workers.length > 0 && workers;
    });
    const environment = await readFile(`/proc/${worker}/environ`, "utf8");
    const entries = environment.split("\0").filter((entry) => entry !== "" && !entry.startsWith("NODE_CHANNEL_"));
    const values = new Map(entries.map((entry) => entry.split("=", 2) as [string, string]));
    const allowed = ["PATH", "TMPDIR", "LANG", "TZ", "LD_LIBRARY_PATH", "FONTCONFIG_PATH"];
    const own = ["MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "VIPS_BLOCK_UNTRUSTED"];
    expect([...values.keys()].filter((name) => ![...allowed, ...own].includes(name))).toEqual([]);
    expect(own.map((name) => values.get(name))).toEqual(["2", "33554432", "134217728", "1"]);
  });
});

/** The receipt of a task, or its error. */
async function endOf(task: NewTask): Promise<Receipt | unknown> {
  const ticket = await (await spoolIn(directory)).enqueue(task);
  return ticket.done().catch((error: unknown) => error);
}

/** Each of twenty groups shows the one before it ten times. */
function endlessDrawing(): string {
  const groups = Array.from({ length: 20 }, (_, at) => `<g id="g${at + 1}">${`<use href="#g${at}"/>`.repeat(10)}</g>`);
  const first = '<g id="g0"><rect width="9" height="9"/></g>';
  return `<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99"><defs>${first}${groups.join("")}</defs><use href="#g20"/></svg>`;
}
