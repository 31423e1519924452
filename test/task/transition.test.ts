import { describe, expect, it } from "vitest";
import { type ErrorCode, type SerializedError, SpooldError } from "../../src/errors.ts";
import type { AttemptRecord, Outcome } from "../../src/task/outcome.ts";
import { backoffMs, decideMove, errorOf, type Move, type RetryPolicy } from "../../src/task/transition.ts";

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

const POLICY: RetryPolicy = { maxAttempts: 5, maxCrashes: 2, backoffMs: 1_000, backoffMaxMs: 6_000 };

function moveAfter(
  outcome: Outcome,
  earlier: readonly AttemptRecord[] = [],
  policy: Partial<RetryPolicy> = {},
  random = 0.5,
): Move {
  const end = { attempt: earlier.length + 1, outcome, earlier, nowMs: NOW_MS, random };
  return decideMove(end, { ...POLICY, ...policy });
}

/** Where an attempt leads that was not the last one. */
function again(attempt: number, waitMs: number, outcome: Parameters<typeof errorOf>[0]): Move {
  return { to: "deferred", attempt, dueAtMs: NOW_MS + waitMs, counted: errorOf(outcome), pause: null };
}

describe("an attempt that succeeded", () => {
  it.each<Outcome>([
    { kind: "succeeded", source, outputs: [] },
    { kind: "fresh", source, outputs: [] },
    { kind: "handled", result: null },
  ])("makes the task done, whatever came earlier: $kind", (outcome) => {
    for (const earlier of [[], past("crashed", "crashed")]) expect(moveAfter(outcome, earlier)).toEqual({ to: "done" });
  });
});

describe("an attempt that failed", () => {
  it.each<ErrorCode>(["SOURCE_MISSING", "SOURCE_DAMAGED", "PATH_OUTSIDE_ROOTS", "OUTPUT_FAILED"])(
    "for good, with %s, makes the task a dead letter that keeps the error",
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

describe.each<[string, Extract<Outcome, { kind: "failed" | "timedOut" }>]>([
  ["failed, and might not another time", { kind: "failed", error: error("IO_ERROR") }],
  ["ran out of time", { kind: "timedOut", timeoutMs: 5_000 }],
])("an attempt that %s", (_how, outcome) => {
  it("is followed by another, later after each one, but no later than the longest wait", () => {
    expect(moveAfter(outcome)).toEqual(again(2, 500, outcome));
    expect(moveAfter(outcome, past("failed", "timedOut"))).toEqual(again(4, 2_000, outcome));
    expect(moveAfter(outcome, past("failed", "timedOut", "failed"))).toEqual(again(5, 3_000, outcome));
  });

  it("is the last one when it is number maxAttempts, whatever the others were", () => {
    const last = { to: "failed", error: errorOf(outcome) };
    expect(moveAfter(outcome, past("failed", "timedOut", "failed", "crashed"))).toEqual(last);
    expect(moveAfter(outcome, [], { maxAttempts: 1 })).toEqual(last);
  });
});

describe("the backoff", () => {
  it.each([
    [1, 0, 0],
    [1, 0.999, 999],
    [2, 0.5, 1_000],
    [3, 0.25, 1_000],
    [4, 0.5, 3_000],
    [100, 0.999, 5_994],
  ])("after attempt %i is part %f of a wait that doubles up to the longest: %i ms", (attempt, random, waitMs) => {
    expect(backoffMs(attempt, random, POLICY)).toBe(waitMs);
  });
});

describe("an attempt that was interrupted", () => {
  it("is due again under the same number, without a pause and without blame", () => {
    const again = { to: "deferred", attempt: 2, dueAtMs: 0, counted: null, pause: null };
    expect(moveAfter({ kind: "interrupted" }, past("crashed"))).toEqual(again);
  });
});

describe.each([
  ["worker crashed", crashed, "WORKER_CRASHED", NOW_MS + 500],
  ["daemon died", orphaned, "DAEMON_CRASHED", 0],
] as const)("an attempt whose %s", (_who, outcome, code, dueAtMs) => {
  it("counts, and is followed by another, as long as there were fewer than maxCrashes", () => {
    const next = { to: "deferred", counted: errorOf(outcome), pause: null };
    expect(moveAfter(outcome)).toEqual({ ...next, attempt: 2, dueAtMs });
    const fifth = moveAfter(outcome, past("interrupted", "timedOut", "failed"));
    expect(fifth).toMatchObject({ ...next, attempt: 5 });
  });

  it.each([
    [past("crashed")],
    [past("orphaned")],
    [past("crashed", "interrupted")],
    [past("orphaned", "crashed", "crashed")],
  ])("is the last one when it is crash number maxCrashes, of whichever kind", (earlier) => {
    expect(moveAfter(outcome, earlier)).toMatchObject({ to: "failed", error: { code } });
  });

  it("is the only one when maxCrashes or maxAttempts is 1", () => {
    expect(moveAfter(outcome, [], { maxCrashes: 1 })).toMatchObject({ to: "failed", error: { code } });
    expect(moveAfter(outcome, [], { maxAttempts: 1 })).toMatchObject({ to: "failed", error: { code } });
  });
});

describe("the error of an outcome", () => {
  it("is the worker's own, or tells how the attempt ended", () => {
    expect(errorOf({ kind: "failed", error: error("DISK_FULL") })).toEqual(error("DISK_FULL"));
    expect(errorOf(crashed).facts).toEqual({ exitCode: null, signal: "SIGSEGV" });
  });
});
