import { readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { layoutOf, type State } from "../../src/spool/layout.ts";
import { moveTasks, type Verb } from "../../src/spool/moves.ts";
import { ignoring, realSystem } from "../../src/system.ts";
import type { Receipt } from "../../src/task/outcome.ts";
import { freshDirectory, startDaemon, until } from "../support/daemon.ts";
import { placeSlowPicture, spoolIn, statesOf } from "../support/spool.ts";

const TASKS = 16;
const MOVES = 60;
const VERBS: readonly Verb[] = ["hold", "hold", "release", "retry", "cancel"];
const BY_HAND: readonly (readonly [State, State])[] = [
  ["tasks", "held"],
  ["active", "held"],
  ["held", "tasks"],
  ["deferred", "tasks"],
  ["deferred", "held"],
];

/** Numbers that look random and are the same in every run. @returns one from 0 to below `below` */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe("any moves, by command and by hand, while a daemon runs what is moved", () => {
  it("lose nothing, and leave each number in one state, with its picture when it is done and only then", async () => {
    const directory = await freshDirectory();
    await placeSlowPicture(join(directory, "slow.jpg"));
    const spool = await spoolIn(directory);
    const layout = layoutOf(spool.directory);
    const random = generator(20_261_121);
    await startDaemon(directory, ["--concurrency", "2", "--backoff", "50"]);
    for (let number = 1; number <= TASKS; number++) {
      await spool.enqueue({ source: "slow.jpg", outputs: [{ file: `${number}.jpg`, width: 1_200 }] });
    }

    const seen = new Set<string>();
    for (let move = 0; move < MOVES; move++) {
      // Now and then a task gets the time to run.
      await sleep(random(3) * 10);
      if (random(3) === 0) {
        const [from, to] = BY_HAND[random(BY_HAND.length)] ?? ["tasks", "held"];
        const name = (await readdir(layout[from]))[0];
        if (name !== undefined) await ignoring(["ENOENT"], rename(join(layout[from], name), join(layout[to], name)));
        continue;
      }
      const verb = VERBS[random(VERBS.length)] ?? "hold";
      for await (const result of moveTasks(realSystem(), layout, { verb, numbers: [1 + random(TASKS)] })) {
        seen.add(result.kind === "moved" ? verb : result.error.code);
      }
    }
    const unforeseen = [...seen].filter((word) => word !== "MOVE_IMPOSSIBLE" && !VERBS.includes(word as Verb));
    expect([unforeseen, seen.size > 1]).toEqual([[], true]);

    await until(async () => {
      const states = await statesOf(spool.directory);
      await spool.release([...states].flatMap(([number, [state]]) => (state === "held" ? [number] : [])));
      return [...states.values()].every((each) => each.join() === "done");
    });
    expect((await statesOf(spool.directory)).size).toBe(TASKS);
    const names = await readdir(directory);
    for (let number = 1; number <= TASKS; number++) {
      const { status } = JSON.parse(await readFile(join(layout.done, `${number}.json`), "utf8")) as Receipt;
      expect([number, status]).toEqual([number, names.includes(`${number}.jpg`) ? "done" : "cancelled"]);
    }
    expect(names.filter((name) => name.startsWith(".spoold-"))).toEqual([]);
    expect(await readdir(layout.attempts)).toEqual([]);
  });
});
