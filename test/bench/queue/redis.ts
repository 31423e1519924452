import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";

/** How often the append-only file reaches the disk: after each command, or once a second. */
export type Appendfsync = "always" | "everysec";

/** A Redis of our own, on a socket, with nothing in it. */
export interface RedisServer {
  readonly socket: string;
  stop(): Promise<void>;
}

/** @returns null when there is no Redis on this machine; the bench then says so */
export async function startRedis(directory: string, appendfsync: Appendfsync): Promise<RedisServer | null> {
  const place = await mkdtemp(join(directory, "redis-"));
  const socket = join(place, "s");
  const kept = ["--dir", place, "--save", "", "--appendonly", "yes", "--appendfsync", appendfsync];
  const server = spawn("redis-server", ["--port", "0", "--unixsocket", socket, ...kept], { stdio: "ignore" });
  const missing = once(server, "error").then(() => "missing" as const);
  const ended = once(server, "exit");
  if ((await Promise.race([missing, answers(socket, server.pid)])) !== "answers") return null;
  return {
    socket,
    async stop() {
      server.kill("SIGTERM");
      await ended;
    },
  };
}

async function answers(socket: string, pid: number | undefined): Promise<"answers" | "missing"> {
  if (pid === undefined) return "missing";
  const client = new Redis({ path: socket, maxRetriesPerRequest: null, retryStrategy: () => 20 });
  // Until its socket is there; ioredis goes on trying by itself.
  client.on("error", () => undefined);
  await client.ping();
  client.disconnect();
  return "answers";
}
