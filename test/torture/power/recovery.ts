import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openSpool } from "../../../src/spool/spool.ts";
import type { System } from "../../../src/system.ts";
import type { Tree } from "./disk.ts";
import { highestIn, judgeFound, judgeRecovered, litterIn, promisedBy } from "./judge.ts";
import { materialise, tell } from "./materialise.ts";
import type { Note } from "./scene.ts";
import { runSession } from "./session.ts";
import { plainSystem } from "./tape.ts";

/** A spool as the loss of power has left it. */
export interface Loss {
  readonly tree: Tree;
  /** What had been told before. */
  readonly told: readonly Note[];
  /** Ms by which the machine's clock is ahead when it comes back. */
  readonly aheadMs: number;
  readonly random: () => number;
}

export interface Recovery {
  /** Promises that were broken, a sentence each. */
  readonly faults: readonly string[];
  /** Temporaries that nobody will come back for. */
  readonly litter: number;
  /** All that there is to know, for people. */
  readonly story: string;
}

/** How long a recovery may take that has little to do. */
const PATIENCE_MS = 20_000;

/** Puts what is left into a directory, lets a daemon run on it until nothing is left to do, and enqueues a task. */
export async function recoverFrom({ tree, told, aheadMs, random }: Loss, base: string): Promise<Recovery> {
  const system: System = { ...plainSystem(base, { boot: `boot ${random()}`, aheadMs: () => aheadMs }), random };
  const promised = promisedBy(told);
  const faults: string[] = [];
  const log: string[] = [];
  let litter = 0;
  materialise(tree, base);
  try {
    faults.push(...(await judgeFound(base, system, promised)));
    const session = runSession(base, system, (event) => void log.push(JSON.stringify(event))).then(() => true);
    // One that comes to no end is left running: there is no way to end it.
    if ((await Promise.race([session, sleep(PATIENCE_MS)])) === true) {
      faults.push(...judgeRecovered(base, promised), ...(await numberFaults()));
      litter = litterIn(base);
    } else faults.push("the daemon came to no end");
  } catch (error) {
    faults.push(`the start ended with ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  } finally {
    rmSync(base, { recursive: true, force: true, maxRetries: 3 });
  }
  const notes = told.map((note) => JSON.stringify(note));
  return {
    faults,
    litter,
    story: [...faults, "found:", ...tell(tree), "told before:", ...notes, "log:", ...log].join("\n"),
  };

  async function numberFaults(): Promise<string[]> {
    const highest = highestIn(base, promised);
    const spool = await openSpool(join(base, "spool"), system);
    const { number } = await spool.enqueue({ source: "in.jpg", outputs: [{ file: "out/new.jpg" }] }, { sizes: false });
    return number > highest ? [] : [`number ${number} was given again: ${highest} had been given`];
  }
}
