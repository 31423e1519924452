import { describe, expect, it } from "vitest";
import { type ErrorCode, type SerializedError, SpooldError } from "../../src/errors.ts";
import type { AttemptRecord, Outcome } from "../../src/task/outcome.ts";
import { decideMove, errorOf, type Move } from "../../src/task/transition.ts";

const NOW_MS = 1_795_251_600_000;
const error = (code: ErrorCode): SerializedError => new SpooldError(code, { path: "a.jpg" }).toJSON();
const failed = (code: ErrorCode): Outcome => ({ kind: "failed", error: error(code) });
const crashed = { kind: "crashed", exitCode: null, signal: "SIGSEGV" } as const;
const orphaned = { kind: "orphaned" } as const;
const source = { path: "/a.jpg", width: 1, height: 1, bytes: 1, format: "jpeg", orientation: 1 };

/** Records of earlier attempts that ended in these ways. */
function past(...outcomes: AttemptRecord["outcome"][]): AttemptRecord[] {
  const rest = { error: error("WORKER_CRASHED"), endedAt: new Date(NOW_MS).toISOString() };
  return outcomes.map((outcome, index) => ({ attempt: index + 1, outcome, ...rest }));
}

function moveAfter(outcome: Outcome, earlier: readonly AttemptRecord[] = [], maxCrashes = 2): Move {
  return decideMove({ attempt: earlier.length + 1, outcome, earlier }, { maxCrashes });
}

describe("an attempt that succeeded", () => {
  it.each([[[]], [past("crashed", "crashed")]])("makes the task done, whatever came earlier", (earlier) => {
    expect(moveAfter({ kind: "succeeded", source, outputs: [] }, earlier)).toEqual({ to: "done" });
  });
});

describe("an attempt that failed", () => {
  it.each<ErrorCode>(["SOURCE_MISSING", "SOURCE_DAMAGED", "PATH_OUTSIDE_ROOTS", "OUTPUT_FAILED", "IO_ERROR"])(
    "with %s makes the task a dead letter that keeps the error",
    (code) => {
      expect(moveAfter(failed(code))).toEqual({ to: "failed", error: error(code) });
    },
  );

  it.each<ErrorCode>(["DISK_FULL", "DISK_READ_ONLY"])(
    "with %s is due again under the same number, not counted, and pauses the daemon",
    (code) => {
      const again = { to: "deferred", attempt: 2, dueAtMs: 0, counted: null, pause: error(code) };
      expect(moveAfter(failed(code), past("crashed"))).toEqual(again);
    },
  );
});

describe("an attempt that ran out of time", () => {
  it("makes the task a dead letter that tells the deadline", () => {
    const move = moveAfter({ kind: "timedOut", timeoutMs: 5_000 });
    expect(move).toMatchObject({ to: "failed", error: { code: "TASK_TIMED_OUT", facts: { timeoutMs: 5_000 } } });
  });
});

describe("an attempt that was interrupted", () => {
  it("is due again under the same number, without a pause and without blame", () => {
    const again = { to: "deferred", attempt: 2, dueAtMs: 0, counted: null, pause: null };
    expect(moveAfter({ kind: "interrupted" }, past("crashed"))).toEqual(again);
  });
});

describe.each([
  ["worker crashed", crashed, "WORKER_CRASHED"],
  ["daemon died", orphaned, "DAEMON_CRASHED"],
] as const)("an attempt whose %s", (_who, outcome, code) => {
  it("counts, and the next one is due at once, as long as there were fewer than maxCrashes", () => {
    const next = { to: "deferred", dueAtMs: 0, counted: errorOf(outcome), pause: null };
    expect(moveAfter(outcome)).toEqual({ ...next, attempt: 2 });
    expect(moveAfter(outcome, past("interrupted", "timedOut", "failed"))).toEqual({ ...next, attempt: 5 });
  });

  it.each([
    [past("crashed")],
    [past("orphaned")],
    [past("crashed", "interrupted")],
    [past("orphaned", "crashed", "crashed")],
  ])("is the last one when it is crash number maxCrashes, of whichever kind", (earlier) => {
    expect(moveAfter(outcome, earlier)).toMatchObject({ to: "failed", error: { code } });
  });

  it("is the only one when maxCrashes is 1", () => {
    expect(moveAfter(outcome, [], 1)).toMatchObject({ to: "failed", error: { code } });
  });
});

describe("the error of an outcome", () => {
  it("is the worker's own, or tells how the attempt ended", () => {
    expect(errorOf({ kind: "failed", error: error("DISK_FULL") })).toEqual(error("DISK_FULL"));
    expect(errorOf(crashed).facts).toEqual({ exitCode: null, signal: "SIGSEGV" });
  });
});
