import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SpooldError } from "../src/errors.ts";
import { type LogOptions, openLog, taskFields } from "../src/log.ts";
import { prettyLine } from "../src/log-pretty.ts";

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

/** What a log with this standard output has written when it is a file or looks like a terminal. */
function written(isTerminal: boolean, fields: Record<string, unknown>): string {
  const fd = openSync(path("stdout"), "a");
  const log = open({ logFile: null, stdout: { fd }, show: isTerminal ? prettyLine : null });
  log.event("info", "task done", fields);
  log.close();
  closeSync(fd);
  return readFileSync(path("stdout"), "utf8");
}

describe("a line of the log", () => {
  it("is one JSON object with level, time, pid, the event's name and its fields", () => {
    const log = open();
    log.event("info", "task done", { ...taskFields({ number: 42, supplicant: "alice" }), text: "a\nb" });
    log.close();
    const [line] = linesOf("log");
    expect(line).toMatchObject({ level: "info", pid: process.pid, msg: "task done", number: 42, text: "a\nb" });
    expect(line).toMatchObject({ supplicant: "alice", summary: null, attempt: null });
    expect(new Date(String(line?.["time"])).toISOString()).toBe(line?.["time"]);
  });

  it("keeps its own members when a field has the same name", () => {
    const log = open();
    log.event("info", "task done", { msg: "x", level: "error", time: 1, pid: 2 });
    log.close();
    expect(linesOf("log")[0]).toMatchObject({ level: "info", msg: "task done", msg_: "x", level_: "error", pid_: 2 });
  });

  it("cuts text to 1,024 characters, however deep it lies, and ends a cycle", () => {
    const cycle: Record<string, unknown> = { text: "x".repeat(5_000) };
    cycle["self"] = cycle;
    const log = open();
    log.event("info", "task done", { cycle, many: Array.from({ length: 100_000 }, () => 1) });
    log.close();
    expect(readFileSync(path("log"), "utf8").length).toBeLessThan(32_768);
    expect(linesOf("log")[0]).toMatchObject({ cycle: { text: "x".repeat(1_024) } });
  });

  it("tells an error by its code, facts and causes", () => {
    const log = open();
    const error = new SpooldError("DISK_FULL", { path: "a.jpg" }, { cause: new Error("ENOSPC") });
    log.event("error", "task failed", { error });
    log.close();
    expect(linesOf("log")[0]?.["error"]).toMatchObject({ code: "DISK_FULL", causes: ["ENOSPC"] });
  });

  it("is left out below the level", () => {
    const log = open({ level: "warn" });
    log.event("debug", "a");
    log.event("info", "b");
    log.event("warn", "c");
    log.close();
    expect(messagesOf("log")).toEqual(["c"]);
  });

  it("has C1 and bidirectional characters escaped in JSON", () => {
    const text = written(false, { summary: "a\u009b2Jb\u202ec" });
    expect(text).toContain("a\\u009b2Jb\\u202ec");
    expect(JSON.parse(text)).toMatchObject({ summary: "a\u009b2Jb\u202ec" });
  });

  it("shows control characters of a task on a terminal instead of obeying them", () => {
    const evil = "\u001b[2J\u009b\u202e\r\nforged \\n \u0007";
    const text = written(true, { [evil]: evil, name: evil, type: "Error", stack: evil, err: { stack: evil } });
    const uncoloured = text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, "g"), "");
    const shown = [...uncoloured].filter((character) => /[\p{Cc}\u202e]/u.test(character) && character !== "\n");
    expect(shown).toEqual([]);
    expect(uncoloured).toContain("\\u001b[2J\\u009b\\u202e");
    expect(uncoloured).not.toMatch(/^forged/m);
  });

  it("is readable on a terminal and ends with a line break", () => {
    expect(written(true, {})).toMatch(/INFO.*task done[^\n]*\n$/s);
  });
});

describe("the error file", () => {
  it("holds the errors, and the log file everything", () => {
    const log = open({ errorFile: path("errors") });
    log.event("info", "task done");
    log.event("error", "task failed");
    log.close();
    expect(messagesOf("log")).toEqual(["task done", "task failed"]);
    expect(messagesOf("errors")).toEqual(["task failed"]);
  });
});
