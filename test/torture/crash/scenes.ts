/** The scenes in which everything happens that there is to be killed at. */
import { drain, playDaemon } from "./daemon-run.ts";
import { ordersFor, placeDrops, placeOrders, placePictures, placeSchedule, together } from "./orders.ts";
import { producing } from "./producing.ts";
import type { Scene } from "./scene.ts";
import { startingUp } from "./starting-up.ts";

/** A daemon with everything to do: drops, outputs, retries, a schedule. */
const atWork: Scene = {
  name: "work",
  victim: "daemon",
  async prepare(lane, seed) {
    await placePictures(lane, seed);
    const orders = ordersFor(seed);
    await placeOrders(lane, orders);
    return together(orders, await placeDrops(lane, seed), await placeSchedule(lane));
  },
  play: (lane, seed, aim) => playDaemon(lane, { concurrency: 1 + (seed % 2), victim: "daemon", aim }),
  goOn: async (lane, expected) => ({ expected, faults: await drain(lane) }),
};

/** A worker: the daemon lives on, and nobody else goes on for it. */
const atPixels: Scene = {
  name: "pixels",
  victim: "worker",
  async prepare(lane, seed) {
    await placePictures(lane, seed);
    const orders = ordersFor(seed).filter(({ task }) => ["sizes", "deep", "flaky"].includes(task.summary ?? ""));
    await placeOrders(lane, orders);
    return together(orders);
  },
  play: (lane, _seed, aim) => playDaemon(lane, { concurrency: 1, victim: "worker", aim }),
  goOn: async (_lane, expected, end) => ({
    expected,
    faults: end.exit === 0 ? [] : [`the daemon ended with ${end.exit}`],
  }),
};

export const SCENES: readonly Scene[] = [producing, atWork, startingUp, atPixels];
