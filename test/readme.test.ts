import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join, posix } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { ERRORS } from "../src/errors.ts";
import { STATES } from "../src/spool/layout.ts";
import { readOrder } from "../src/task/order.ts";
import { parseRecipe, renderRecipe } from "../src/task/recipe.ts";
import { parseSchedule } from "../src/task/schedule.ts";
import { readMessage } from "../src/worker/message.ts";
import { emptySpool, placeTask, shell } from "./support/cli.ts";
import { freshDirectory, type RunningDaemon, startDaemon, until } from "./support/daemon.ts";
import { freshProject } from "./support/project.ts";
import {
  block,
  commandRows,
  commands,
  encoderRows,
  entryRows,
  errorRows,
  findingRows,
  formatRows,
  outputRows,
  positionWords,
  README,
  recipeRows,
  section,
  settingRows,
  stepRows,
  syncRows,
  table,
  taskRows,
  tileRows,
} from "./support/readme.ts";

describe("README's table of", () => {
  it.each([
    ["members of a task", "A task", taskRows],
    ["members of an output", "Outputs", outputRows],
    ["members of an entry of the schedule", "Schedule entries", entryRows],
    ["members of the data of a sync", "Sync data", syncRows],
    ["formats", "Formats", formatRows],
    ["steps", "Steps", stepRows],
    ["encoder options", "Encoder options", encoderRows],
    ["tile options", "Tile options", tileRows],
    ["commands", "Commands", commandRows],
    ["settings", "Settings", settingRows],
    ["errors", "Errors", errorRows],
    ["findings", "Findings", findingRows],
  ])("%s says what the code says, no more and no less", (_what, heading, rows) => {
    expect(table(heading)).toEqual(rows());
  });

  it("exit codes has all that errors stand for, and 0", () => {
    const codes = new Set([0, ...Object.values(ERRORS).map(({ exitCode }) => exitCode)]);
    expect(table("Exit codes").map(([code]) => Number(code))).toEqual([...codes].sort((a, b) => a - b));
  });

  it("directories has all that a spool has, with their permissions", async () => {
    const rows = table("How a task moves");
    expect(rows.map(([name]) => name)).toEqual([...STATES, "tmp", "run"].map((name) => `\`${name}/\``));
    const directory = await freshDirectory();
    const spool = await emptySpool(directory);
    expect((await readdir(spool)).sort()).toEqual([...STATES, "tmp", "run"].sort());
    for (const [name = "", , , mode = ""] of rows) {
      expect((await stat(join(spool, name.replaceAll("`", "")))).mode & 0o777).toBe(Number.parseInt(mode, 8));
    }
    await placeTask(directory, "tasks");
    expect((await stat(join(spool, "tasks/1.json"))).mode & 0o777).toBe(0o600);
  });

  it("recipes has all that are shipped, with their vars", () => {
    const rows = table("Recipes").map(([name = "", , vars = ""]) => [name, vars]);
    expect(rows.toSorted()).toEqual(recipeRows().toSorted());
  });

  it("places for a change names none that is missing", () => {
    expect(table("Where a change goes").length).toBeGreaterThan(5);
  });
});

describe("README", () => {
  it("says of every command that it takes --spool, and which is true", () => {
    expect(section("Commands")).toContain("All take `--spool <dir>`");
    for (const command of commands()) expect(command.options.map(({ long }) => long)).toContain("--spool");
  });

  it("shows a task and a recipe that are taken", () => {
    const [order, recipe] = [...section("Recipes").matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(
      ([, text = ""]) => text,
    );
    expect(readOrder(JSON.parse(order ?? ""))).toMatchObject({ recipe: "gallery" });
    const filled = { source: "uploads/cat.jpg", recipe: "blog", vars: { author: "alice" } };
    const { outputs, summary } = renderRecipe(parseRecipe("blog", recipe ?? ""), filled);
    expect(outputs.map(({ file }) => file)).toEqual(["blog/alice/cat-1200.webp", "blog/alice/cat-300.webp"]);
    expect(summary).toBe("blog sizes for cat.jpg, by alice");
  });

  it("shows a schedule that is taken", () => {
    expect(parseSchedule(block("json schedule"))).toMatchObject([{ name: "nightly", missed: "once", enabled: true }]);
  });

  it("shows of a source what a worker tells of one", () => {
    const source = JSON.parse(block("json source"));
    const result = { kind: "prepared", source, outputs: [] };
    expect(readMessage({ kind: "ended", number: 1, attempt: 1, result })).toMatchObject({ result });
  });

  it("lists all words that a position may be", () => {
    expect(section("Outputs").replaceAll("\n", " ")).toContain(`A \`position\` is one of ${positionWords()}.`);
  });

  it("draws the life of a task as the module draws it that decides about it", async () => {
    const comment = (await readFile("src/task/transition.ts", "utf8")).split("*/")[0] ?? "";
    const drawn = comment.split("\n").map((line) => line.replace(/^ \* ?/, ""));
    expect(drawn.join("\n")).toContain(block("text life").trimEnd());
  });

  it("names no file that does not exist, links to none, and offers no script that is missing", async () => {
    const links = [...README.matchAll(/\]\((?!https:)([^)]+)\)/g)].map(([, target = ""]) => target);
    const paths = [...README.matchAll(/`((?:src|test|bin)\/[\w./-]*)`/g)].map(([, path = ""]) => path);
    expect(links.length).toBeGreaterThan(0);
    expect(paths.length).toBeGreaterThan(8);
    for (const path of [...links, ...paths]) await stat(posix.normalize(path));
    const { scripts } = JSON.parse(await readFile("package.json", "utf8")) as { scripts: Record<string, string> };
    const used = [...README.matchAll(/npm run (\w+)/g)].map(([, name = ""]) => name);
    expect(used.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});

describe("README's example for", () => {
  it("a program makes its pictures", async () => {
    const { directory, path } = await freshProject();
    await startDaemon(directory);
    await writeFile(join(directory, "example.mjs"), block("js library"));
    const { code, stdout, stderr } = await shell(directory, `exec "${process.execPath}" example.mjs`, path);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^task 1: 2 pictures in \d+ ms\n$/);
    expect(await pictureAt(directory, "gallery/cat-1600.jpg")).toEqual(["jpeg", 1600, 1200]);
    expect(await pictureAt(directory, "gallery/cat-thumb.webp")).toEqual(["webp", 120, 120]);
  });

  it("a shell makes its picture, shows its receipt and leaves no daemon behind", async () => {
    const { directory, path } = await freshProject();
    const { code, stdout, stderr } = await shell(directory, block("sh cli"), path);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^spoold: daemon \d+ finishes 0 running and ends\n$/)]);
    expect(stdout).toMatch(/^1\n1 done in \d.*, 1 outputs\nstate .*\ndone {3}1 .*\n$/);
    expect(await pictureAt(directory, "gallery/cat-800.webp")).toEqual(["webp", 800, 600]);
    const log = await readFile(join(directory, "spoold.log"), "utf8");
    expect(log).toContain('"msg":"daemon stopped"');
  });

  it("anything that can move a file makes its picture", async () => {
    const { directory, path } = await freshProject();
    const daemon = await startDaemon(directory);
    expect(await shell(directory, block("sh drop"), path)).toEqual({ code: 0, stdout: "", stderr: "" });
    await hasDone(daemon, 1);
    expect(await pictureAt(directory, "gallery/cat-400.avif")).toEqual(["heif", 400, 300]);
  });

  it("a plan draws the tree that it shows, and leaves nothing behind", async () => {
    const { directory, path } = await freshProject();
    const [prompt = "", ...shown] = block("text plan").trimEnd().split("\n");
    const { code, stdout } = await shell(directory, prompt.replace(/^\$ /, ""), path);
    const withoutMemory = (lines: readonly string[]): string[] =>
      lines.map((line) => line.replace(/[\d.]+ MiB/, "N MiB"));
    expect([code, withoutMemory(stdout.trimEnd().split("\n"))]).toEqual([0, withoutMemory(shown)]);
    expect(await readdir(directory)).toEqual(["node_modules", "uploads"]);
  });

  it("work by hand holds, releases, retries and cancels", async () => {
    const directory = await freshDirectory();
    const spool = await emptySpool(directory);
    await writeFile(join(spool, "tasks/42.json"), "{}");
    await writeFile(join(spool, "failed/43.json"), "{}");
    await writeFile(join(spool, "tasks/44.json"), "{}");
    const lines = block("sh hand").split("\n");
    expect(await shell(directory, lines[0] ?? "")).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(await readdir(join(spool, "held"))).toEqual(["42.json"]);
    expect(await shell(directory, lines.slice(1).join("\n"))).toEqual({ code: 0, stdout: "", stderr: "" });
    expect((await readdir(join(spool, "tasks"))).sort()).toEqual(["42.json", "43.json"]);
    expect(await readdir(join(spool, "held"))).toEqual([]);
  });

  it("commands that move tasks moves them", async () => {
    const { directory, path } = await freshProject();
    const spool = await emptySpool(directory);
    for (const file of ["tasks/41.json", "tasks/42.json", "failed/43.json"]) await writeFile(join(spool, file), "{}");
    const { code, stdout, stderr } = await shell(directory, block("sh moves"), path);
    expect([code, stderr]).toEqual([0, "0 tasks\n"]);
    expect(stdout).toBe("41 held\n42 held\n41 released\n43 retried\n");
    expect((await readdir(join(spool, "tasks"))).sort()).toEqual(["41.json", "43.json"]);
  });
});

describe("what README says of sharp's edges", () => {
  it("is so: a palette for quality on a png, black for what is transparent in a jpeg", async () => {
    const { directory, path } = await freshProject();
    const clear = { r: 255, g: 255, b: 255, alpha: 0 };
    await sharp({ create: { width: 8, height: 8, channels: 4, background: clear } }).toFile(
      join(directory, "clear.png"),
    );
    const tasks = [
      { source: "uploads/cat.jpg", outputs: [{ file: "cat.png", width: 99, quality: 50 }] },
      { source: "clear.png", outputs: [{ file: "clear.jpg" }] },
    ];
    for (const [index, task] of tasks.entries()) await writeFile(join(directory, `${index}`), JSON.stringify(task));
    const { code } = await shell(directory, "spoold add 0 1 && spoold start --once --log-file log.txt", path);
    expect(code).toBe(0);
    expect(await sharp(join(directory, "cat.png")).metadata()).toMatchObject({ isPalette: true });
    expect([...(await sharp(join(directory, "clear.jpg")).raw().toBuffer())].every((value) => value < 4)).toBe(true);
  });
});

async function pictureAt(directory: string, file: string): Promise<unknown[]> {
  const { format, width, height } = await sharp(join(directory, file)).metadata();
  return [format, width, height];
}

async function hasDone(daemon: RunningDaemon, number: number): Promise<void> {
  await until(() => daemon.lines().some((line) => line.msg === "task done" && line["number"] === number));
}
