import { describe, expect, it } from "vitest";
import { takeTurns } from "../../src/daemon/order.ts";
import { createBusy, type Touches } from "../../src/daemon/touches.ts";

function touching(reads: readonly string[], writes: readonly string[]): Touches {
  return { reads, writes, folders: [] };
}

const WRITES_X = touching([], ["/x"]);
const READS_X = touching(["/x"], ["/y"]);
const ELSEWHERE = touching(["/a"], ["/b"]);

function turns({ running = [], later = [], due = [] }: Partial<Record<"running" | "later" | "due", Touches[]>>) {
  const holders = (all: readonly Touches[]) => all.map((touches, index) => ({ number: index + 1, touches }));
  const busy = createBusy();
  for (const touches of later) busy.add(touches);
  return takeTurns({
    running: holders(running),
    later: { busy, numbers: later.map((_touches, index) => 100 + index) },
    due: holders(due),
  });
}

const fresh = (touches: Touches) => ({ number: 50, touches, hasBegun: false });
const begun = (touches: Touches) => ({ number: 40, touches, hasBegun: true });

describe("a task that has not begun", () => {
  it.each([
    ["runs", { running: [WRITES_X] }],
    ["has begun and is not due", { later: [WRITES_X] }],
    ["has begun and is due, wherever it stands in the order", { due: [WRITES_X] }],
  ])("waits for one that it conflicts with and that %s, and for no other", (_what, held) => {
    expect(turns(held).mayStart(fresh(READS_X))).toBe(false);
    expect(turns(held).mayStart(fresh(ELSEWHERE))).toBe(true);
  });

  it("waits for one before it that may not start, and for what that one is blocked by alone", () => {
    const order = turns({ running: [WRITES_X] });
    order.hold(fresh(READS_X));
    expect(order.mayStart(fresh(touching(["/y"], ["/z"])))).toBe(false);
    expect(order.mayStart(fresh(touching(["/z"], ["/w"])))).toBe(true);
  });
});

describe("a task that has begun", () => {
  it("waits for none that has not, so that neither waits for the other", () => {
    const order = turns({ due: [WRITES_X] });
    order.hold(fresh(READS_X));
    expect(order.mayStart(begun(WRITES_X))).toBe(true);
  });

  it("waits for one that runs, for one that is not due, and for one before it that has begun too", () => {
    expect(turns({ running: [READS_X] }).mayStart(begun(WRITES_X))).toBe(false);
    expect(turns({ later: [READS_X] }).mayStart(begun(WRITES_X))).toBe(false);
    const order = turns({});
    order.hold(begun(READS_X));
    expect(order.mayStart(begun(WRITES_X))).toBe(false);
  });
});

describe("a task that may touch anything", () => {
  const everything: Touches = { reads: [], writes: [], folders: [], everything: true };
  it("runs beside none, and none beside it", () => {
    expect(turns({}).mayStart(fresh(everything))).toBe(true);
    expect(turns({ running: [ELSEWHERE] }).mayStart(fresh(everything))).toBe(false);
    expect(turns({ running: [everything] }).mayStart(fresh(ELSEWHERE))).toBe(false);
    const order = turns({});
    order.hold(fresh(everything));
    expect(order.mayStart(fresh(ELSEWHERE))).toBe(false);
  });
});

describe("the place of a task that waits for others", () => {
  it("is its own when they run, are tried again later, or have a place before it", () => {
    const order = turns({ running: [WRITES_X], later: [ELSEWHERE] });
    expect(order.areBefore([1, 100])).toBe(true);
    expect(order.areBefore([1, 50])).toBe(false);
    order.hold(fresh(READS_X));
    expect(order.areBefore([1, 50])).toBe(true);
  });
});
