import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { errnoOf } from "../src/errors.ts";
import { type LogOptions, openLog } from "../src/log.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "spoold-log-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const path = (name: string): string => join(directory, name);
const linesOf = (name: string): Record<string, unknown>[] =>
  readFileSync(path(name), "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const messagesOf = (name: string): unknown[] => linesOf(name).map((line) => line["msg"]);

function open(options: Partial<LogOptions> = {}): ReturnType<typeof openLog> {
  return openLog({ logFile: path("log"), errorFile: null, level: "info", show: null, ...options });
}

/** @returns the bytes read; 0 when there are none at the moment */
function tryRead(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer);
  } catch (error) {
    if (errnoOf(error) === "EAGAIN") return 0;
    throw error;
  }
}

describe("a log file", () => {
  it("cannot be read by others", () => {
    open().close();
    expect(statSync(path("log")).mode & 0o137).toBe(0);
  });

  it("loses no line when it is renamed and opened again", () => {
    const log = open();
    for (let line = 0; line < 300; line += 1) {
      if (line === 100) renameSync(path("log"), path("log.1"));
      if (line === 200) log.reopen();
      log.event("info", "line", { line });
    }
    log.close();
    const numbers = [...linesOf("log.1"), ...linesOf("log")].map((line) => line["line"]);
    expect(numbers).toEqual(Array.from({ length: 300 }, (_, line) => line));
    expect(linesOf("log.1")).toHaveLength(200);
  });

  it("that cannot be opened is done without until reopen(), and the lines are counted", () => {
    const log = open({ logFile: join(directory, "later", "log") });
    log.event("info", "a");
    log.event("info", "b");
    expect(log.dropped()).toBe(2);
    renameSync(mkdtempSync(path("new-")), path("later"));
    log.reopen();
    log.event("info", "c");
    log.close();
    expect(linesOf("later/log")).toMatchObject([{ msg: "log lines dropped", lines: 2, level: "error" }, { msg: "c" }]);
  });

  it("keeps its old descriptor when its name cannot be opened again", () => {
    const log = open();
    renameSync(path("log"), path("old"));
    renameSync(mkdtempSync(path("new-")), path("log"));
    log.reopen();
    log.event("info", "a");
    log.close();
    expect(messagesOf("old")).toEqual(["a"]);
    expect(log.dropped()).toBe(0);
  });

  it("in a directory that may not be written is no reason to fail", () => {
    chmodSync(directory, 0o500);
    const log = open();
    log.event("info", "a");
    log.close();
    chmodSync(directory, 0o700);
    // The superuser may write everywhere.
    expect(log.dropped()).toBe(process.getuid?.() === 0 ? 0 : 1);
  });

  it.runIf(existsSync("/dev/full"))("on a full disk drops lines, and tries again after 30 s", () => {
    let nowMs = 0;
    const log = openLog({
      logFile: "/dev/full",
      errorFile: path("log"),
      level: "info",
      show: null,
      monotonicMs: () => nowMs,
    });
    for (let line = 0; line < 1_000; line += 1) log.event("error", "task failed");
    nowMs = 30_001;
    log.event("error", "task failed");
    log.reopen();
    log.close();
    expect(log.dropped()).toBe(1_001);
    expect(linesOf("log")).toHaveLength(1_001);
  });

  it("that works again by itself after 30 s tells once how many lines are missing", () => {
    let nowMs = 0;
    const log = open({ logFile: path("later/log"), monotonicMs: () => nowMs });
    log.event("info", "a");
    renameSync(mkdtempSync(path("new-")), path("later"));
    nowMs = 29_999;
    log.event("info", "b");
    nowMs = 30_000;
    log.event("info", "c");
    log.event("info", "d");
    log.close();
    expect(linesOf("later/log")).toMatchObject([{ msg: "log lines dropped", lines: 2 }, { msg: "c" }, { msg: "d" }]);
  });
});

describe("a reader that pauses", () => {
  it("finds whole lines only, and learns how many are missing", () => {
    execFileSync("sh", ["-c", 'mkfifo "$0"', path("pipe")]);
    const reader = openSync(path("pipe"), constants.O_RDONLY | constants.O_NONBLOCK);
    const log = open({ logFile: path("pipe") });
    const buffer = Buffer.alloc(1_000_000);
    let text = "";
    for (let round = 0; round < 3; round += 1) {
      for (let line = 0; line < 50; line += 1) log.event("info", "line", { parts: Array(5).fill("x".repeat(1_000)) });
      for (let size = 1; size > 0; text += buffer.toString("utf8", 0, size)) size = tryRead(reader, buffer);
    }
    log.event("info", "line");
    text += buffer.toString("utf8", 0, tryRead(reader, buffer));
    log.close();
    closeSync(reader);
    const found = text.trimEnd().split("\n");
    const lines = found.map((line) => JSON.parse(line) as Record<string, unknown>);
    const missing = lines.filter(({ msg }) => msg === "log lines dropped").map((line) => Number(line["lines"]));
    expect(missing.length).toBeGreaterThan(0);
    expect(missing.reduce((sum, count) => sum + count, 0)).toBe(log.dropped());
    expect(lines.filter(({ msg }) => msg === "line").length + log.dropped()).toBe(151);
  });
});

describe("standard output", () => {
  // On macOS a pipe cannot be opened anew; a log that waited for its reader would make this test hang.
  it.runIf(process.platform === "linux")("that blocks is written without blocking, and is left as it was", () => {
    execFileSync("sh", ["-c", 'mkfifo "$0"', path("pipe")]);
    const fd = openSync(path("pipe"), constants.O_RDWR);
    const log = open({ logFile: null, stdout: { fd } });
    for (let line = 0; line < 200; line += 1) log.event("info", "line", { text: "x".repeat(1_000) });
    expect(log.dropped()).toBeGreaterThan(100);
    log.close();
    expect(readSync(fd, Buffer.alloc(1_000_000))).toBeGreaterThan(4_096);
    closeSync(fd);
  });

  const script = `
    import { writeFileSync } from "node:fs";
    import { openLog } from ${JSON.stringify(new URL("../src/log.ts", import.meta.url).href)};
    const log = openLog({ logFile: null, errorFile: null, level: "info", show: null });
    process.stdin.once("data", () => {
      for (let line = 0; line < 5_000; line += 1) log.event("info", "line", { text: "x".repeat(500) });
      writeFileSync(process.argv[1] ?? "", String(log.dropped()));
      process.exit(0);
    });
    process.stderr.write("ready");`;

  /** Runs the script behind a shell pipe or on a socket; returns its exit code and the lines it dropped. */
  async function run(reader: "closed" | "stuck", kind: "pipe" | "socket"): Promise<{ code: unknown; dropped: number }> {
    const node = [process.execPath, "--import", "tsx", "--input-type=module", "-e", script, path("dropped")];
    // The writer's own exit code goes through a file, for a shell only tells the last one of a pipeline.
    const behind = reader === "closed" ? "exec <&-" : `while [ ! -e "$0.code" ]; do sleep 0.05; done`;
    const command =
      kind === "pipe" ? ["sh", "-c", `{ "$@"; echo $? >"$0.code"; } | { ${behind}; }`, path("dropped"), ...node] : node;
    const [program = "", ...args] = command;
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    const exited = once(child, "exit");
    await once(child.stderr, "data");
    if (kind === "socket" && reader === "closed") child.stdout.destroy();
    child.stdin.end("go");
    const [code] = await exited;
    const own = kind === "pipe" ? Number(readFileSync(path("dropped.code"), "utf8")) : code;
    return { code: own, dropped: Number(readFileSync(path("dropped"), "utf8")) };
  }

  it.each(["pipe", "socket"] as const)("that was closed (%s) neither throws nor stops anything", async (kind) => {
    expect(await run("closed", kind)).toEqual({ code: 0, dropped: 5_000 });
  });

  it.each(["pipe", "socket"] as const)("whose reader is stuck (%s) loses lines but not the daemon", async (kind) => {
    const { code, dropped } = await run("stuck", kind);
    expect(code).toBe(0);
    expect(dropped).toBeGreaterThan(1_000);
  });
});
