import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSpool } from "../../../src/index.ts";
import { keyOf } from "../../../src/task/key.ts";
import { noteAccepted } from "../checker/ledger.ts";
import { drain } from "./daemon-run.ts";
import type { Lane } from "./lane.ts";
import { ledgerOf, placePictures } from "./orders.ts";
import { groupsOf, placePlan, startProducer, toldIn, waitingIn } from "./producer.ts";
import type { Expected, Scene } from "./scene.ts";

/** A producer that makes the spool and enqueues tasks: one, several at once, some that answer to a word or count in a batch. */
export const producing: Scene = {
  name: "produce",
  victim: "producer",
  async prepare(lane, seed) {
    await placePictures(lane, seed);
    await placePlan(lane, seed);
    await writeFile(ledgerOf(lane), "");
    return { ends: new Map(), rejected: new Map() };
  },
  play: (lane, _seed, aim) => startProducer(lane, aim).ended,
  async note(lane, end) {
    const groups = await groupsOf(lane);
    for (const { group, place, number, isNew } of toldIn(end)) {
      const task = groups[group]?.[place];
      if (number !== null && isNew)
        await noteAccepted(join(lane.desk, "ledger.jsonl"), lane.spool, number, { ...task });
    }
  },
  async goOn(lane, _expected, end) {
    const faults = await faultsInTasks(lane);
    for (const { code } of toldIn(end)) if (code !== null) faults.push(`a promise was rejected with ${code}`);
    const ends = new Map<string, string>();
    const groups = await groupsOf(lane);
    const accepted = toldIn(end).filter(({ number }) => number !== null);
    const present = await waitingIn(lane);
    const spool = await openSpool(lane.spool);
    for (const [group, tasks] of groups.entries())
      for (const [place, task] of tasks.entries()) {
        const told = accepted.find((one) => one.group === group && one.place === place);
        const summary = task.summary ?? "";
        const isThere = present.some(({ summary: other }) => other === summary);
        if (isThere) ends.set(summary, "done");
        if (told !== undefined) continue;
        // Its producer was told nothing, and asks again.
        const again = `${summary} again`;
        const { number, isNew } = await spool.enqueue({ ...task, summary: again }, { sizes: false });
        if (isNew) ends.set(again, "done");
        if (isNew && present.some((other) => other.number === number)) faults.push(`number ${number} was given twice`);
        if (!isNew && task.dedupe === undefined) faults.push(`"${summary}" was taken for another task`);
        if (isNew && task.dedupe !== undefined && present.some(({ dedupe }) => dedupe === task.dedupe))
          faults.push(`"${summary}" was queued twice under one word`);
      }
    faults.push(...(await drain(lane)));
    return { expected: { ends, rejected: new Map() } satisfies Expected, faults };
  },
};

/** What lies in `tasks/` is whole and what was asked for, whether its promise had resolved or not. */
async function faultsInTasks(lane: Lane): Promise<string[]> {
  const asked = new Set((await groupsOf(lane)).flat().map((task) => `${task.summary} ${keyOf(task)}`));
  const waiting = await waitingIn(lane);
  return waiting
    .filter((task) => !asked.has(`${task.summary} ${task.key}`))
    .map(({ number }) => `number ${number} in tasks/ is not what was asked for`);
}
