import { link, mkdir, readdir, readFile, rename, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { recordAttempt } from "../../../src/spool/attempts.ts";
import { layoutOf } from "../../../src/spool/layout.ts";
import { realSystem } from "../../../src/system.ts";
import { crashOf } from "../../spool/stages.ts";
import { formsOf } from "../strace/calls.ts";
import { drain, playDaemon } from "./daemon-run.ts";
import { type Lane, placed } from "./lane.ts";
import { type Order, ordersFor, placeDrops, placeOrders, placePictures, together } from "./orders.ts";
import type { Scene } from "./scene.ts";

/** A daemon that starts after one that was killed, and finds all that can be left behind. */
export const startingUp: Scene = {
  name: "start",
  victim: "daemon",
  async prepare(lane, seed) {
    await placePictures(lane, seed);
    // The first of all is the one whose receipt will be there, the next one will be half published.
    const orders = [...ordersFor(seed), ...LAST].map((order) => {
      const priority = { high: 100, sizes: 99, missing: 98 }[order.task.summary ?? ""];
      return priority === undefined ? order : { ...order, task: { ...order.task, priority } };
    });
    const numbers = await placeOrders(lane, orders);
    const [high = 0, sizes = 0, due = 0] = ["high", "sizes", "due"].map((name) => numbers.get(name));
    const finished = await readFile(join(lane.spool, `tasks/${high}.p100.json`));
    await halfPublish(lane, sizes);
    await writeFile(join(lane.spool, `active/${high}.p100.a1.json`), finished);
    await makeDue(lane, due);
    const drops = await placeDrops(lane, seed);
    await leaveIntakes(lane, numbers.get("copied") ?? 0);
    await leaveMarks(lane);
    return together(orders, drops);
  },
  play: (lane, seed, aim) => playDaemon(lane, { concurrency: 1 + (seed % 2), victim: "daemon", aim }),
  goOn: async (lane, expected) => ({ expected, faults: await drain(lane) }),
};

/** They wait still when the daemon is killed that makes the beginning. */
const LAST: readonly Order[] = ["due", "copied"].map((summary) => ({
  task: { source: "pictures/0.jpg", outputs: [{ file: `out/${summary}.png`, width: 11 }], summary },
  end: "done",
}));

/** A real daemon is killed when it has renamed the first output of a task, and not the second. */
async function halfPublish(lane: Lane, number: number): Promise<void> {
  const name = `.spoold-%TAG%-${number}-a1-1.tmp`;
  const second = { call: "rename", path: `out/${name}`, tail: `/${name}`, nth: 1 };
  const { call, nth, ...place } = await placed(lane, second);
  const aim = { call, paths: formsOf(place), nth, blow: { kind: "kill", when: "before" } } as const;
  const { exit } = await playDaemon(lane, { concurrency: 1, victim: "daemon", aim });
  if (exit !== "SIGKILL") throw new Error(`the daemon that was to publish half ended with ${exit}`);
  // The next daemon of this torture gives its temporaries the same names, which no other daemon would.
  for (const name of await readdir(join(lane.spool, "tmp")))
    await rename(join(lane.spool, "tmp", name), join(lane.spool, "tmp", name.replace(/^0{8}/, "33333333")));
}

/** A retry whose time has come. */
async function makeDue({ spool }: Lane, number: number): Promise<void> {
  await recordAttempt(realSystem(), layoutOf(spool), number, crashOf(1));
  await rename(join(spool, `tasks/${number}.json`), join(spool, `deferred/1000.${number}.a2.json`));
}

const NONCES = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"] as const;

/** A drop that was just taken, and one whose copy is committed. */
async function leaveIntakes({ spool }: Lane, committed: number): Promise<void> {
  await rename(join(spool, "tasks/broken.json"), join(spool, `tmp/taken.${NONCES[0]}.broken.json`));
  await link(join(spool, `tasks/${committed}.json`), join(spool, `tmp/${NONCES[1]}.json`));
  await writeFile(join(spool, `tmp/taken.${NONCES[1]}.copied.json`), "{}");
}

/** Marks of numbers that were never committed, and the lock of a producer that was killed. */
async function leaveMarks({ spool }: Lane): Promise<void> {
  const dedupe = join(spool, "run/dedupe", "0".repeat(64));
  await mkdir(dirname(dedupe), { recursive: true });
  await symlink("9999.json", dedupe);
  await mkdir(join(spool, "run/add.lock"), { recursive: true });
  await utimes(join(spool, "run/add.lock"), 1, 1);
}
