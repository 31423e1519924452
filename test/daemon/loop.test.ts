import { expect, it } from "vitest";
import { type LoopParts, type LoopState, runLoop } from "../../src/daemon/loop.ts";
import { createWakeup } from "../../src/daemon/wakeup.ts";
import { contextOn } from "../support/daemon-parts.ts";
import { newSpool } from "../support/directories.ts";

/** Parts of a daemon whose every task has ended when it has started, so that there is always room for the next. */
function endless(state: LoopState, { stopAfter, room = 1 }: { readonly stopAfter: number; readonly room?: number }) {
  const seen = { starts: 0, looks: [] as number[], disarmed: [] as number[] };
  const wakeup = createWakeup();
  const parts = {
    wakeup,
    turned: () => undefined,
    pool: { room: () => room, giveBack: () => undefined },
    pause: { remainingMs: () => 0, because: () => null },
    byHand: { look: async () => false, reason: () => undefined },
    scheduler: { tend: async () => false, look: async () => undefined, nextMs: () => 1_000, isSettling: () => false },
    bell: {
      arm: async () => undefined,
      disarm: async () => void seen.disarmed.push(seen.starts),
      isPolling: () => false,
    },
    backlog: {
      ...{ waiting: () => (seen.starts < 15 ? 1 : 1_000), others: () => 0, retrying: () => 0, chained: () => 0 },
      ...{ hasRunDry: () => false, nextLookMs: () => 1_000, nextDueMs: () => Number.POSITIVE_INFINITY },
      look: async () => void seen.looks.push(seen.starts),
      next: async () => ({}),
    },
    runner: {
      ...{ running: () => [], stranded: () => 0, held: () => [], looking: () => () => undefined },
      ...{ retryStranded: async () => undefined, giveUpTaken: async () => undefined },
      start: async () => {
        seen.starts += 1;
        if (seen.starts === 10 || seen.starts === 20) state.rang = true;
        if (seen.starts === stopAfter) state.stopping = true;
      },
    },
  };
  return { seen, parts: parts as unknown as LoopParts };
}

it("tasks that end as soon as they start keep a daemon neither from looking nor from turning off the bell", async () => {
  const state: LoopState = { stopping: false, fatal: null, rang: false };
  const { seen, parts } = endless(state, { stopAfter: 500 });
  await runLoop(await contextOn(await newSpool()), parts, state, "never");
  expect(seen.starts).toBe(500);
  expect(seen.looks).toEqual(expect.arrayContaining([10, 20]));
  expect(seen.disarmed).toEqual([20]);
});

it("fills all the room that there is before it looks again, however often somebody rings", async () => {
  const state: LoopState = { stopping: false, fatal: null, rang: false };
  const { seen, parts } = endless(state, { stopAfter: 60, room: 6 });
  const { start } = parts.runner;
  const ringing: LoopParts = {
    ...parts,
    runner: {
      ...parts.runner,
      async start(candidate) {
        await start(candidate);
        state.rang = true;
      },
    },
  };
  await runLoop(await contextOn(await newSpool()), ringing, state, "never");
  expect(seen.looks).toEqual([0, 6, 12, 18, 24, 30, 36, 42, 48, 54]);
});
