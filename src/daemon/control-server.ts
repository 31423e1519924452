import { createServer, type Socket } from "node:net";
import { ASKS, type ControlRequest, type DaemonStatus, socketAddress } from "../spool/control.ts";
import type { Layout } from "../spool/layout.ts";
import { type System, unlinkIfThere } from "../system.ts";

/** The daemon's ear at `run/spoold.sock`. */
export interface ControlServer {
  close(): Promise<void>;
}

/** No request is longer; who sends more is no client of ours. */
const MAX_REQUEST = 1_024;

/**
 * Listens for requests. `run/` is private, so only the daemon's own account and root can ask.
 * @param answer called for each request; what it returns is sent back
 * @returns undefined where no socket address fits (a very deep spool on macOS)
 */
export async function openControlServer(
  system: System,
  layout: Layout,
  answer: (request: ControlRequest) => DaemonStatus,
): Promise<ControlServer | undefined> {
  const address = await socketAddress(system, layout);
  if (address === undefined) return undefined;
  // Left by a dead owner; ours is the only living daemon.
  await unlinkIfThere(system, address.path);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    serve(socket, answer);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(address.path, resolve);
  });
  return {
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await address.close();
    },
  };
}

function serve(socket: Socket, answer: (request: ControlRequest) => DaemonStatus): void {
  let received = "";
  socket.setEncoding("utf8");
  // The asker has gone away: there is nobody to tell.
  socket.on("error", () => undefined);
  socket.on("data", (text: string) => {
    received += text;
    const request = requestIn(received);
    if (request !== undefined) socket.end(`${JSON.stringify(answer(request))}\n`);
    else if (received.length > MAX_REQUEST) socket.destroy();
  });
}

function requestIn(received: string): ControlRequest | undefined {
  const ask = ASKS.find((word) => received === `${JSON.stringify({ ask: word })}\n`);
  return ask === undefined ? undefined : { ask };
}
