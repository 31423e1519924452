import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { askDaemon, type DaemonStatus, socketAddress } from "../../src/spool/control.ts";
import { createSpool, type Layout, layoutOf } from "../../src/spool/layout.ts";
import { realSystem } from "../../src/system.ts";
import { newDirectory, newSpool, put } from "../support/directories.ts";

const real = realSystem();
const STATUS: DaemonStatus = {
  ...{ pid: 1, since: "1970-01-01T00:00:00.000Z", concurrency: 2, workersReady: 2 },
  ...{ running: [], rate: { perMinute: 0, lastMinute: 0 }, stopping: false, paused: null },
  ...{ schedule: [], scheduleError: null },
};

async function listen(layout: Layout, answer: (socket: Socket, line: string) => void): Promise<void> {
  const address = await socketAddress(real, layout);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined));
    socket.on("data", (line) => answer(socket, line.toString()));
  });
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    await address?.close();
  });
  await new Promise<void>((resolve) => server.listen(address?.path, resolve));
}

describe("asking the daemon", () => {
  it("gives its answer, in whatever pieces it comes", async () => {
    const layout = await newSpool();
    await listen(layout, (socket, line) => {
      expect(JSON.parse(line)).toEqual({ ask: "status" });
      const text = `${JSON.stringify(STATUS)}\n`;
      socket.write(text.slice(0, 20), () => socket.end(text.slice(20)));
    });
    expect(await askDaemon(real, layout, { ask: "status" }, 5_000)).toEqual(STATUS);
  });

  it("tells a daemon that accepts but does not answer from one that is not there", async () => {
    const layout = await newSpool();
    expect(await askDaemon(real, layout, { ask: "status" }, 5_000)).toBeUndefined();
    await put(join(layout.run, "spoold.sock"), "no socket");
    expect(await askDaemon(real, layout, { ask: "status" }, 5_000)).toBeUndefined();
    const other = await newSpool();
    await listen(other, () => undefined);
    expect(await askDaemon(real, other, { ask: "stop" }, 20)).toBe("silent");
  });

  it("calls an answer that breaks off no answer", async () => {
    const layout = await newSpool();
    await listen(layout, (socket) => socket.end('{"pid": 1'));
    expect(await askDaemon(real, layout, { ask: "status" }, 5_000)).toBe("silent");
  });

  it("works however deep the spool lies", async () => {
    const layout = layoutOf(join(await newDirectory(), ...Array.from({ length: 20 }, () => "a deep directory")));
    await createSpool(real, layout);
    await listen(layout, (socket) => socket.end(`${JSON.stringify(STATUS)}\n`));
    const address = await socketAddress(real, layout);
    expect(address?.path.length).toBeLessThan(100);
    await address?.close();
    expect(await askDaemon(real, layout, { ask: "status" }, 5_000)).toEqual(STATUS);
  });
});
