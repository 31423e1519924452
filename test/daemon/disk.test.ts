import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { resolveSettings } from "../../src/config.ts";
import { runDaemon } from "../../src/daemon/daemon.ts";
import type { Log } from "../../src/log.ts";
import { realSystem, type System } from "../../src/system.ts";
import { freshDirectory, until } from "../support/daemon.ts";
import { namesIn, placePicture, quickTask, spoolIn, statesOf } from "../support/spool.ts";

let directory: string;

beforeEach(async () => {
  directory = await freshDirectory();
  await placePicture(join(directory, "quick.jpg"));
});

/** The real file system, with a fault that a test turns on and off for some calls of the daemon itself. */
function faultySystem(): { system: System; fault: { errno: string | null; calls: Set<string> } } {
  const real = realSystem();
  const fault = { errno: null as string | null, calls: new Set<string>() };
  const fs = new Proxy(real.fs, {
    get(target, name: keyof typeof real.fs) {
      const call = target[name] as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        const kind = name === "open" && args[1] === "wx" ? "create" : name;
        const path = String(args[0]);
        // Not in run/: a process that lives on, as this one does, must be able to release its lock.
        const isHit = path.includes("/spool/") && !path.includes("/spool/run/");
        if (fault.errno !== null && fault.calls.has(kind) && isHit) {
          return Promise.reject(Object.assign(new Error(`${fault.errno}: injected, ${kind}`), { code: fault.errno }));
        }
        return call.apply(target, args);
      };
    },
  });
  return { system: { ...real, fs }, fault };
}

function daemonOn(system: System, once = false) {
  const events: { name: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const log: Log = {
    event: (_level, name, fields = {}) => events.push({ name, fields }),
    reopen() {},
    dropped: () => 0,
    close() {},
  };
  const flags = { roots: [directory], concurrency: 1, settleMs: 20, rescanMs: 50 };
  const settings = resolveSettings({ flags, env: {}, file: undefined }, { cores: 1, workingDirectory: directory });
  const ended = runDaemon({ spoolDir: join(directory, "spool"), settings, once, env: process.env, system, log });
  return { events, ended, has: (name: string) => events.some((event) => event.name === name) };
}

describe.each([
  ["a full disk", "ENOSPC", ["create"], "DISK_FULL"],
  ["a full disk that has no room for a directory entry either", "ENOSPC", ["create", "rename", "link"], "DISK_FULL"],
  ["a read-only file system", "EROFS", ["create", "rename", "link", "unlink", "mkdir"], "DISK_READ_ONLY"],
])("%s under the spool", (_name, errno, calls, code) => {
  it("pauses the daemon, uses up no attempt, and lets it go on by itself", async () => {
    const { system, fault } = faultySystem();
    const daemon = daemonOn(system);
    await until(() => daemon.has("daemon started"));
    const spool = await spoolIn(directory);
    await (await spool.enqueue(quickTask("before"))).done();
    fault.calls = new Set(calls);
    fault.errno = errno;
    const ticket = await spool.enqueue(quickTask("during"));
    await until(() => daemon.has("daemon paused"));
    expect(daemon.events.find(({ name }) => name === "daemon paused")?.fields).toMatchObject({ error: { code } });
    expect((await statesOf(join(directory, "spool"))).get(ticket.number)).toHaveLength(1);
    fault.errno = null;
    expect(await ticket.done()).toMatchObject({ attempts: 1 });
    await until(() => daemon.has("daemon resumed"));
    process.emit("SIGTERM");
    expect(await daemon.ended).toBe(0);
  });

  it("ends a --once run with its error, and the task waits for the next", async () => {
    const { system, fault } = faultySystem();
    await (await spoolIn(directory)).enqueue(quickTask("waiting"));
    const daemon = daemonOn(system, true);
    await until(() => daemon.has("daemon started"));
    fault.calls = new Set(calls);
    fault.errno = errno;
    const outcome = await daemon.ended.catch((error: unknown) => error);
    if (outcome !== 0) expect(outcome).toMatchObject({ code, exitCode: 74 });
    fault.errno = null;
    expect(await daemonOn(realSystem(), true).ended).toBe(0);
    expect(await namesIn(directory, "done")).toEqual(["1.json"]);
  });
});

describe("an I/O error under the spool", () => {
  it("ends the daemon rather than going on with what may be lost, and the next start goes on", async () => {
    const { system, fault } = faultySystem();
    const daemon = daemonOn(system);
    await until(() => daemon.has("daemon started"));
    fault.calls = new Set(["create"]);
    fault.errno = "EIO";
    const ticket = await (await spoolIn(directory)).enqueue(quickTask("unlucky"));
    await expect(daemon.ended).rejects.toMatchObject({ code: "IO_ERROR", exitCode: 74 });
    expect(await namesIn(directory, "active")).toEqual([`${ticket.number}.a1.json`]);
    fault.errno = null;
    expect(await daemonOn(realSystem(), true).ended).toBe(0);
    expect(await ticket.done()).toMatchObject({ attempts: 2 });
  });
});
