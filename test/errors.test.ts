import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  deserializeError,
  ERRORS,
  type ErrorCode,
  errnoOf,
  isPermanent,
  pausesDaemon,
  SpooldError,
  serializeError,
  toSpooldError,
} from "../src/errors.ts";

const codes = Object.keys(ERRORS) as ErrorCode[];
const withErrno = (code: string): Error => Object.assign(new Error(`${code}: told by the system`), { code });

describe("the table of errors", () => {
  it.each(codes)("tells for %s a message and a hint that do not end with a full stop", (code) => {
    for (const text of [ERRORS[code].message, ERRORS[code].hint]) expect(text).toMatch(/^\S.*[^.\s]$/);
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
  });

  it("has no message twice", () => {
    expect(new Set(codes.map((code) => ERRORS[code].message)).size).toBe(codes.length);
  });

  it.each([
    ["TASK_FAILED", 1],
    ["TASK_TIMED_OUT", 1],
    ["WORKER_CRASHED", 1],
    ["USAGE", 2],
    ["TASK_INVALID", 2],
    ["TASK_NOT_FOUND", 3],
    ["IO_ERROR", 74],
    ["DISK_FULL", 74],
    ["SPOOL_LOCKED", 75],
    ["LOCK_LOST", 75],
    ["CONFIG_INVALID", 78],
  ] as const)("lets the command end for %s with exit code %i", (code, exitCode) => {
    expect(new SpooldError(code).exitCode).toBe(exitCode);
  });

  it("pauses the daemon for the machine's faults alone, and calls none of these permanent", () => {
    expect(codes.filter(pausesDaemon)).toEqual(["FAILURES_ALIKE", "DISK_FULL", "DISK_READ_ONLY", "RESOURCES_SHORT"]);
    expect(codes.filter((code) => isPermanent(code) && pausesDaemon(code))).toEqual([]);
    expect(isPermanent("SOURCE_DAMAGED")).toBe(true);
    expect(isPermanent("WORKER_CRASHED")).toBe(false);
  });
});

describe("a SpooldError", () => {
  it("says in its message what the facts are, as JSON, without lists and objects", () => {
    const error = new SpooldError("SOURCE_MISSING", { path: 'a"\n.jpg', faults: [1], size: 3, gone: undefined });
    expect(error.message).toBe('the source does not exist (path "a\\"\\n.jpg", size 3, gone unknown)');
    expect(new SpooldError("SOURCE_MISSING", {}).message).toBe(ERRORS.SOURCE_MISSING.message);
  });

  it("becomes its plain form when it is written as JSON", () => {
    const error = new SpooldError("DISK_FULL", { path: "a" }, { cause: new Error("ENOSPC") });
    expect(JSON.parse(JSON.stringify(error))).toEqual(serializeError(error));
  });
});

describe("the plain form of an error", () => {
  it("comes back with its code, message, facts, hint and causes", () => {
    const json = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(fc.constantFrom(...codes), json, fc.option(fc.string()), (code, facts, cause) => {
        const plain = serializeError(new SpooldError(code, facts, cause === null ? {} : { cause: new Error(cause) }));
        expect(serializeError(deserializeError(plain))).toEqual(plain);
      }),
    );
  });

  it("lists the causes, outermost first, and keeps their text on the way back", () => {
    const inner = new Error("inner", { cause: "innermost" });
    const plain = serializeError(new SpooldError("IO_ERROR", {}, { cause: new Error("outer", { cause: inner }) }));
    expect(plain.causes).toEqual(["outer", "inner", "innermost"]);
    expect(serializeError(deserializeError(plain)).causes).toEqual(["outer: inner: innermost"]);
  });

  it("ends when causes go in a circle", () => {
    const error = new Error("again");
    error.cause = error;
    expect(serializeError(error).causes).toHaveLength(10);
  });

  it("exists for whatever was thrown", () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true }), (thrown) => {
        expect(serializeError(thrown).code).toMatch(/^(IO_ERROR|DISK_FULL|DISK_READ_ONLY)$/);
      }),
    );
  });
});

describe("an error of the operating system", () => {
  it.each([
    ["ENOSPC", "DISK_FULL"],
    ["EDQUOT", "DISK_FULL"],
    ["EROFS", "DISK_READ_ONLY"],
    ["EIO", "IO_ERROR"],
  ])("with errno %s becomes %s", (errno, code) => {
    const cause = withErrno(errno);
    expect(toSpooldError(cause)).toMatchObject({ code, cause });
  });

  it("takes the code and the facts that the caller knows, unless its errno says more", () => {
    const known = toSpooldError(withErrno("EACCES"), "OUTPUT_UNWRITABLE", { file: "a" });
    expect(known).toMatchObject({ code: "OUTPUT_UNWRITABLE", facts: { file: "a" } });
    expect(toSpooldError(withErrno("ENOSPC"), "OUTPUT_UNWRITABLE").code).toBe("DISK_FULL");
    expect(toSpooldError(known, "IO_ERROR")).toBe(known);
  });

  it("has an errno name, other values have none", () => {
    expect(errnoOf(withErrno("ENOENT"))).toBe("ENOENT");
    expect([null, undefined, "ENOENT", {}, { code: 5 }].map(errnoOf)).toEqual(Array(5).fill(undefined));
  });
});
