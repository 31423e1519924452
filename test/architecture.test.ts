import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";

/** Source files by path from the top of the repository, with `/`. */
type Files = Readonly<Record<string, string>>;

interface Import {
  readonly from: string;
  /** A path from the top of the repository, or the name of a package. */
  readonly to: string;
  /** Whether loading `from` loads `to`. */
  readonly isStatic: boolean;
}

const FLOORS: readonly [RegExp, number][] = [
  [/^src\/(errors|config|setting-kinds|input-formats)\.ts$/, 0],
  [/^src\/image\/vocabulary\//, 0],
  [/^src\/(task\/.*|system|direct-system|log|log-pretty|log-sink)(\.ts)?$/, 1],
  [/^src\/image\//, 2],
  [/^src\/spool\//, 3],
  [/^src\/worker\//, 3.5],
  [/^src\/daemon\//, 4],
  [/^src\/(web|engine)\//, 5],
  [/^src\/index\.ts$/, 6],
  [/^src\/cli\//, 7],
];

/** Files of the protocol that may touch the clock or node:fs without system.ts, and why. */
const SEAM_EXCEPTIONS: Readonly<Record<string, string>> = {
  "src/spool/heartbeat.ts": "hands node:fs to proper-lockfile, which wants the callback form",
};
/** Neither a type nor a number touches the file system. */
const HARMLESS_IMPORT = /^import (?:type [^;]*|\{ constants \}) from "node:fs(?:\/promises)?";$/gm;

const TOKEN = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;

function withoutComments(text: string): string {
  return text.replace(TOKEN, (token) => (token.startsWith("/") ? " " : token));
}

function withoutStrings(text: string): string {
  return text.replace(TOKEN, '""');
}

function importsOf(from: string, text: string): Import[] {
  const code = withoutComments(text);
  const found: [string, boolean][] = [];
  for (const [, type, path = ""] of code.matchAll(
    /^\s*(?:import|export)\s+(type\s)?(?:[\w*{][^;"]*?\sfrom\s+)?"([^"]+)"/gm,
  ))
    found.push([path, type === undefined]);
  for (const [, path = ""] of code.matchAll(/\bimport\(\s*"([^"]+)"/g)) found.push([path, false]);
  for (const [, path = ""] of code.matchAll(/new URL\(\s*"([^"]+)",\s*import\.meta\.url/g)) found.push([path, false]);
  return found.map(([path, isStatic]) => ({ from, to: resolved(from, path), isStatic }));
}

/** A built script is named `.js` where its source is `.ts`. */
function resolved(from: string, path: string): string {
  if (!path.startsWith(".")) return path;
  return posix.join(posix.dirname(from), path).replace(/\.js$/, ".ts");
}

function allImports(files: Files): Import[] {
  return Object.entries(files).flatMap(([path, text]) => importsOf(path, text));
}

function floorOf(path: string): number | undefined {
  return FLOORS.find(([pattern]) => pattern.test(path))?.[1];
}

function floorFaults(files: Files): string[] {
  const homeless = Object.keys(files).filter((path) => floorOf(path) === undefined);
  const wrong = allImports(files).filter(({ from, to }) => {
    if (!to.startsWith("src/") || posix.dirname(from) === posix.dirname(to)) return false;
    return (floorOf(to) ?? Number.POSITIVE_INFINITY) >= (floorOf(from) ?? 0) && !isWithin(from, to);
  });
  return [...homeless, ...wrong.map(({ from, to }) => `${from} -> ${to}`)];
}

/** Whether both lie somewhere in the same folder of src/. */
function isWithin(from: string, to: string): boolean {
  const [, folder = "", rest] = from.split("/");
  return rest !== undefined && to.startsWith(`src/${folder}/`);
}

/** Everything that loading a file loads. */
function closureOf(files: Files, start: string): Set<string> {
  const closure = new Set([start]);
  for (const path of closure) {
    for (const { to, isStatic } of importsOf(path, files[path] ?? "")) if (isStatic) closure.add(to);
  }
  return closure;
}

function cycles(files: Files): string[] {
  const targets = (path: string): string[] => importsOf(path, files[path] ?? "").map(({ to }) => to);
  return Object.keys(files).filter((start) => {
    const reached = new Set(targets(start));
    for (const path of reached) for (const to of targets(path)) reached.add(to);
    return reached.has(start);
  });
}

function lines(text: string): number {
  return text.trimEnd().split("\n").length;
}

function median(counts: readonly number[]): number {
  return counts.toSorted((a, b) => a - b)[Math.floor(counts.length / 2)] ?? 0;
}

function matching(files: Files, pattern: RegExp): string[] {
  return Object.entries(files).flatMap(([path, text]) => (pattern.test(withoutStrings(text)) ? [path] : []));
}

const ANY = /(?:[:<|&,(]|\bas|=>)\s*any\b(?!\s*[:(])|\bany\[\]/;
const UNFINISHED_TEST = /\b(?:it|test|describe)\.(?:skip|only|todo)\b/;
const STAR_EXPORT = /\bexport\s*\*/;
const VAGUE_NAME = /(?:^|[/-])(?:utils?|helpers?|common|managers?)(?:[.-]|\/)/;

function seamFaults(files: Files): string[] {
  const protocol = Object.entries(files).filter(([path]) => /^src\/(spool|image|worker|daemon)\//.test(path));
  const unexcused = protocol.filter(([path]) => !Object.hasOwn(SEAM_EXCEPTIONS, path));
  const guarded = Object.fromEntries(unexcused.map(([path, text]) => [path, text.replace(HARMLESS_IMPORT, "")]));
  const fileSystem = allImports(guarded).filter(({ to }) => /^node:fs(\/promises)?$/.test(to));
  return [...fileSystem.map(({ from }) => from), ...matching(guarded, /\b(?:Date\.now|performance\.now)\b/)];
}

function impureTaskFiles(files: Files): string[] {
  const impure = /^node:(fs|fs\/promises|child_process|net|os|process|worker_threads)$/;
  return allImports(files)
    .filter(({ from, to }) => from.startsWith("src/task/") && (impure.test(to) || to === "src/system.ts"))
    .map(({ from, to }) => `${from} -> ${to}`);
}

function vocabularyFaults(files: Files): string[] {
  return allImports(files)
    .filter(({ from }) => from.startsWith("src/image/vocabulary/"))
    .filter(({ to }) => to !== "zod" && to !== "src/errors.ts" && !to.startsWith("src/image/vocabulary/"))
    .filter(({ to, isStatic }) => to !== "sharp" || isStatic)
    .map(({ from, to }) => `${from} -> ${to}`);
}

function heavyPackages(files: Files, start: string): string[] {
  return [...closureOf(files, start)].filter((path) => /^(sharp|chokidar|pino|pino-pretty)$/.test(path));
}

function read(folder: string): Files {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => name.replaceAll("\\", "/"));
  const sources = names.filter((name) => name.endsWith(".ts"));
  return Object.fromEntries(sources.map((name) => [`${folder}/${name}`, readFileSync(join(folder, name), "utf8")]));
}

const src = read("src");
const test = read("test");

describe("a source file", () => {
  it("imports only from lower floors or its own folder", () => {
    expect(floorFaults(src)).toEqual([]);
    const bad = {
      "src/task/a.ts": 'import type { B } from "../spool/b.ts";',
      "src/spool/b.ts": 'const d = await import("../worker/d.js");',
      "src/image/c.ts": 'new URL("../worker/d.js", import.meta.url);\nexport {\n  e,\n} from "./sub/e.ts";',
      "src/elsewhere.ts": "",
    };
    const [homeless, ...wrong] = floorFaults(bad);
    expect(homeless).toBe("src/elsewhere.ts");
    expect(wrong).toEqual([
      "src/task/a.ts -> src/spool/b.ts",
      "src/spool/b.ts -> src/worker/d.ts",
      "src/image/c.ts -> src/worker/d.ts",
    ]);
  });

  it("is not imported by what it imports", () => {
    expect(cycles(src)).toEqual([]);
    expect(cycles({ "src/a.ts": 'import "./b.ts";', "src/b.ts": 'import { a } from "./a.ts";' })).toHaveLength(2);
  });

  it("has at most 250 lines, and half of them have fewer than 80", () => {
    const long = Object.entries({ ...src, ...test }).filter(([, text]) => lines(text) > 250);
    expect(long.map(([path]) => path)).toEqual([]);
    expect(median(Object.values(src).map(lines))).toBeLessThan(80);
    expect([lines("a\n".repeat(251)), median([90, 1, 80])]).toEqual([251, 80]);
  });

  it("names no any, exports no star and has a telling name", () => {
    expect([...matching({ ...src, ...test }, ANY), ...matching(src, STAR_EXPORT)]).toEqual([]);
    expect(Object.keys(src).filter((path) => VAGUE_NAME.test(path))).toEqual([]);
    const bad = { a: "let x: any;", b: "x as any", c: "Record<string, any>", d: "(): any[] => y", e: "/* : any */" };
    expect(matching(bad, ANY)).toEqual(["a", "b", "c", "d"]);
    expect(matching({ a: 'export * from "./b.ts";' }, STAR_EXPORT)).toEqual(["a"]);
    const names = ["src/utils.ts", "src/task/task-helper.ts", "src/common/a.ts", "src/common-log.ts", "src/a.ts"];
    expect(names.filter((name) => VAGUE_NAME.test(name))).toEqual(names.slice(0, 4));
  });

  it("of the protocol reaches the clock and the file system through system.ts alone", () => {
    expect(seamFaults(src)).toEqual([]);
    expect(Object.keys(SEAM_EXCEPTIONS).filter((path) => src[path] === undefined)).toEqual([]);
    const bad = { "src/spool/a.ts": 'import { rm } from "node:fs/promises";', "src/daemon/b.ts": "Date.now();" };
    expect(seamFaults(bad)).toEqual(["src/spool/a.ts", "src/daemon/b.ts"]);
    expect(seamFaults({ "src/system.ts": "Date.now();" })).toEqual([]);
  });

  it("of the vocabulary knows sharp by its types alone, and nothing else of the program", () => {
    expect(Object.keys(src).some((path) => path.startsWith("src/image/vocabulary/"))).toBe(true);
    expect(vocabularyFaults(src)).toEqual([]);
    const bad = {
      "src/image/vocabulary/a.ts": 'import sharp, { type Sharp } from "sharp";\nimport type { Color } from "sharp";',
      "src/image/vocabulary/b.ts": 'import { c } from "../paths.ts";',
    };
    expect(vocabularyFaults(bad)).toEqual([
      "src/image/vocabulary/a.ts -> sharp",
      "src/image/vocabulary/b.ts -> src/image/paths.ts",
    ]);
  });

  it("of task/ is pure", () => {
    expect(impureTaskFiles(src)).toEqual([]);
    expect(impureTaskFiles({ "src/task/a.ts": 'import * as fs from "node:fs";' })).toHaveLength(1);
    expect(impureTaskFiles({ "src/task/a.ts": 'import { realSystem } from "../system.ts";' })).toHaveLength(1);
  });
});

describe("the command line", () => {
  it("loads no sharp, chokidar or pino before a command needs it", () => {
    expect(Object.keys(src)).toContain("src/cli/program.ts");
    expect(heavyPackages(src, "src/cli/program.ts")).toEqual([]);
    const bad = {
      "src/cli/program.ts": 'import { a } from "./a.ts";',
      "src/cli/a.ts": 'import "sharp";\nimport type { L } from "pino";\nawait import("chokidar");',
    };
    expect(heavyPackages(bad, "src/cli/program.ts")).toEqual(["sharp"]);
  });
});

describe("a test", () => {
  it("is never skipped, alone or left to do", () => {
    expect(matching(test, UNFINISHED_TEST)).toEqual([]);
    const bad = { a: "it.skip();", b: "describe.only();", c: "test.todo();", d: "// it.skip" };
    expect(matching(bad, UNFINISHED_TEST)).toEqual(["a", "b", "c"]);
  });
});
