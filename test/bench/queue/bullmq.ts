import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import type { RedisServer } from "./redis.ts";

/** The peer: a queue of BullMQ with what a producer sends, and a worker when one is wanted. */
export interface BullQueue {
  add(): Promise<void>;
  /** Adds a job and waits until a worker has begun it. @returns ms from the call to the beginning */
  latency(): Promise<number>;
  close(): Promise<void>;
}

/** @param hasWorker whether jobs are to be run, in this very process: BullMQ's usual way */
export async function openBullQueue(server: RedisServer, data: object, hasWorker: boolean): Promise<BullQueue> {
  const connect = (): Redis => new Redis({ path: server.socket, maxRetriesPerRequest: null });
  const connections = [connect()];
  const queue = new Queue("bench", { connection: connections[0] as Redis });
  let begun: (atMs: number) => void = () => undefined;
  let worker: Worker | undefined;
  if (hasWorker) {
    const connection = connect();
    connections.push(connection);
    worker = new Worker("bench", async () => begun(performance.now()), { connection, concurrency: 2 });
    await worker.waitUntilReady();
  }
  await queue.waitUntilReady();
  const kept = { removeOnComplete: true };
  return {
    async add() {
      await queue.add("task", data, kept);
    },
    async latency() {
      const beginning = new Promise<number>((resolve) => {
        begun = resolve;
      });
      const calledMs = performance.now();
      await queue.add("task", data, kept);
      return (await beginning) - calledMs;
    },
    async close() {
      await worker?.close();
      await queue.close();
      for (const connection of connections) connection.disconnect();
    },
  };
}
