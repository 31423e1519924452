import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { taskSchema } from "../../src/task/task.ts";
import { jsonLines, spoold, TASK } from "../support/cli.ts";
import { BIN, freshDirectory } from "../support/daemon.ts";
import { turnedJpeg } from "../support/pictures.ts";

const text = JSON.stringify(TASK);

async function waiting(directory: string): Promise<string[]> {
  return (await readdir(join(directory, "spool", "tasks"))).sort();
}

describe("spoold add", () => {
  it("enqueues a task file and prints its number alone", async () => {
    const directory = await freshDirectory();
    await writeFile(join(directory, "task.json"), text);
    expect(await spoold(directory, ["add", "task.json"])).toEqual({ code: 0, stdout: "1\n", stderr: "" });
    expect(JSON.parse(await readFile(join(directory, "spool/tasks/1.json"), "utf8"))).toMatchObject(TASK);
  });

  it("enqueues several files in the order given, and prints a line of JSON for each with --json", async () => {
    const directory = await freshDirectory();
    await writeFile(join(directory, "b.json"), JSON.stringify({ ...TASK, priority: 5 }));
    await writeFile(join(directory, "a.json"), text);
    const { code, stdout } = await spoold(directory, ["add", "--json", "b.json", "a.json"]);
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toEqual([
      { number: 1, outputs: [{ file: "cat.webp" }] },
      { number: 2, outputs: [{ file: "cat.webp" }] },
    ]);
    expect(await waiting(directory)).toEqual(["1.p5.json", "2.json"]);
  });

  it("tells final sizes with --json where the source is there", async () => {
    const directory = await freshDirectory();
    await mkdir(join(directory, "up"));
    await writeFile(join(directory, "up/cat.jpg"), await turnedJpeg(6));
    const { stdout } = await spoold(directory, ["add", "--json"], { input: text, env: { SPOOLD_ROOT: "up" } });
    expect(jsonLines(stdout)).toEqual([{ number: 1, outputs: [{ file: "cat.webp", width: 20, height: 13 }] }]);
  });

  it.each([[["add"]], [["add", "-"]]])("reads one task from standard input for %j", async (args) => {
    const directory = await freshDirectory();
    expect(await spoold(directory, args, { input: text })).toEqual({ code: 0, stdout: "1\n", stderr: "" });
  });

  it("works out the key of a task anew", async () => {
    const directory = await freshDirectory();
    const input = JSON.stringify({ ...TASK, key: "0".repeat(64) });
    expect((await spoold(directory, ["add"], { input })).code).toBe(0);
    expect(await readFile(join(directory, "spool/tasks/1.json"), "utf8")).not.toContain("0".repeat(64));
  });

  it("enqueues nothing when one of several files is wrong, and names that file", async () => {
    const directory = await freshDirectory();
    await writeFile(join(directory, "good.json"), text);
    await writeFile(join(directory, "bad.json"), "{}");
    const { code, stdout, stderr } = await spoold(directory, ["add", "good.json", "bad.json"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^spoold: the task is not valid \(file bad\.json, count 2\) \[TASK_INVALID\]$/m);
    expect(await readdir(directory)).not.toContain("spool");
  });

  it("tells one line for each fault: the place, what was expected, what stands there, the nearest word", async () => {
    const directory = await freshDirectory();
    const outputs = [{ file: "a.gif" }, { file: "b.png", widht: 5, fit: "cove" }, { file: "c.png", quality: 0 }];
    const { stderr } = await spoold(directory, ["add"], { input: JSON.stringify({ source: 3, outputs }) });
    const faults = stderr.split("\n").filter((line) => line.startsWith("  /"));
    expect(faults).toEqual([
      "  /source: expected a string, got 3",
      '  /outputs/1/fit: expected one of "cover", "contain", "fill", "inside", "outside", got "cove" (did you mean "cover"?)',
      `  /outputs/1/widht: expected one of ${Object.keys(taskSchema.shape.outputs.element.shape).join(", ")}, got 5 (did you mean "width"?)`,
      "  /outputs/2/quality: expected at least 1, got 0",
    ]);
    expect(stderr).toMatch(/^ {2}hint: /m);
  });

  it.each([
    ["half a task", '{"source":', 2, "TASK_INVALID"],
    ["no JSON at all", "\u001b[31mred\u202e", 2, "TASK_INVALID"],
    ["nothing", "", 2, "TASK_INVALID"],
    ["a list", "[]", 2, "TASK_INVALID"],
    ["an output without a format", '{"source":"a","outputs":[{"file":"b.\u001b"}]}', 2, "TASK_INVALID"],
    ["more than a task may hold", Buffer.alloc(70_000, " "), 2, "TASK_TOO_LARGE"],
    ["far more than that", Buffer.alloc(9_000_000, "x"), 2, "TASK_TOO_LARGE"],
  ])("refuses %s", async (_what, input, code, name) => {
    const directory = await freshDirectory();
    const ended = await spoold(directory, ["add"], { input });
    expect([ended.code, ended.stdout]).toEqual([code, ""]);
    expect(ended.stderr).toContain(`[${name}]`);
  });

  it.each([
    ["missing.json", "ENOENT"],
    [".", "EISDIR"],
    ["\u001b[31m.json", "ENOENT"],
  ])("tells that %j cannot be read", async (file, errno) => {
    const directory = await freshDirectory();
    const { code, stderr } = await spoold(directory, ["add", file]);
    expect(code).toBe(74);
    expect(stderr).toContain(`errno ${errno}`);
    expect(stderr).toContain("[IO_ERROR]");
  });

  it("loads no sharp, no chokidar and no pino", async () => {
    const directory = await freshDirectory();
    const add = await loadedBy(directory, ["add"]);
    expect(add).toContain("commander");
    expect(add.filter((name) => HEAVY.test(name))).toEqual([]);
    const start = await loadedBy(directory, ["start", "--once", "--log-file", "log.txt"]);
    expect(start).toEqual(expect.arrayContaining(["chokidar", "pino"]));
    expect(start.filter((name) => /sharp|libvips/.test(name))).toEqual([]);
  });
});

const HEAVY = /sharp|libvips|chokidar|pino/;

/** What a command loads: specifiers of imports, packages bundled into them, files of require, shared libraries. */
async function loadedBy(directory: string, args: readonly string[]): Promise<string[]> {
  const [record, preload] = [join(directory, "loaded.txt"), join(directory, "preload.mjs")];
  const hook = `import { appendFileSync } from "node:fs";
    export async function resolve(specifier, context, next) {
      appendFileSync(${JSON.stringify(record)}, specifier + "\\n");
      return next(specifier, context);
    }`;
  const script = `import { appendFileSync } from "node:fs";
    import { createRequire, register } from "node:module";
    register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hook)}`)});
    process.report.excludeNetwork = true;
    process.on("exit", () => {
      const required = Object.keys(createRequire(import.meta.url).cache);
      const names = [...required, ...process.report.getReport().sharedObjects];
      appendFileSync(${JSON.stringify(record)}, names.join("\\n") + "\\n");
    });`;
  await writeFile(preload, script);
  await writeFile(record, "");
  const env = { NODE_OPTIONS: `--import ${preload}` };
  const { code, stderr } = await spoold(directory, args, { input: text, env });
  // The task that was added has no source: with --once that is exit code 1.
  expect([code, stderr]).toEqual([args[0] === "add" ? 0 : 1, ""]);
  const root = join(BIN, "..", "..");
  const names = (await readFile(record, "utf8")).split("\n").map((name) => name.replace(root, ""));
  return [...names, ...(await packagesIn(join(root, "dist"), names))];
}

/** Words that only these packages use: what is bundled has lost the names of its files. */
const TRAITS = { chokidar: "awaitWriteFinish", pino: "pino.metadata", commander: "allowExcessArguments" };

/** The packages in files of the bundle, as far as they have traits. */
async function packagesIn(dist: string, names: readonly string[]): Promise<string[]> {
  const files = names.filter((name) => name.endsWith(".js")).map((name) => basename(name));
  const texts = ["chunks", "cli"].flatMap((place) =>
    files.map((file) => readFile(join(dist, place, file), "utf8").catch(() => "")),
  );
  const text = (await Promise.all(texts)).join("\n");
  return Object.entries(TRAITS).flatMap(([name, trait]) => (text.includes(trait) ? [name] : []));
}
