import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type AutostartOptions, openSpool, type SpooldError } from "../../src/index.ts";
import { acquireDaemonLock } from "../../src/spool/daemon-lock.ts";
import { layoutOf } from "../../src/spool/layout.ts";
import { realSystem } from "../../src/system.ts";
import { freshPlace, type Place } from "../support/autostart.ts";
import { cleanEnvironment, spoold } from "../support/cli.ts";
import { until } from "../support/daemon.ts";
import { quickTask } from "../support/spool.ts";

const LIBRARY = new URL("../../dist/index.js", import.meta.url).href;

/** Options that gather what goes wrong. */
function gathering(place: Place, more: AutostartOptions = {}): AutostartOptions & { readonly errors: SpooldError[] } {
  const errors: SpooldError[] = [];
  return { ...place.start, ...more, errors, onError: (error) => errors.push(error) };
}

describe("enqueue with autostart", () => {
  it("starts one daemon for many calls at once; it runs their tasks, ends, and another one comes for the next", async () => {
    const place = await freshPlace();
    const spool = await openSpool(place.spool);
    const autostart = gathering(place);
    const order = (name: string) => spool.enqueue(quickTask(`out/${name}`), { autostart });
    const tickets = await Promise.all(Array.from({ length: 20 }, (_, index) => order(`${index}`)));
    await Promise.all(tickets.map((ticket) => ticket.done()));
    await place.quiet();
    expect([await place.generations(), (await place.daemons()).length]).toEqual([1, 1]);
    await (await order("later")).done();
    await place.quiet();
    expect([await place.generations(), (await place.daemons()).length]).toEqual([2, 2]);
    expect([await readdir(join(place.directory, "out")), autostart.errors]).toEqual([
      expect.objectContaining({ length: 21 }),
      [],
    ]);
  });

  it("queues the task all the same when no daemon can be started, and tells why", async () => {
    const place = await freshPlace();
    const spool = await openSpool(place.spool);
    for (const [args, exitCode, says] of [
      [["--concurrency", "none"], 78, "CONFIG_INVALID"],
      [["--faster"], 2, "unknown option"],
    ] as const) {
      const autostart = gathering(place, { args });
      await spool.enqueue(quickTask("out/a"), { autostart });
      const [error] = await until(() => autostart.errors.length > 0 && autostart.errors);
      expect(error).toMatchObject({
        code: "AUTOSTART_FAILED",
        facts: { exitCode, says: expect.stringContaining(says) },
      });
    }
    expect(await readdir(join(place.spool, "tmp"))).toEqual([]);
  });

  it("hears nothing of an onError that throws, nor of a word that no process takes", async () => {
    const place = await freshPlace();
    const spool = await openSpool(place.spool);
    const warnings: Error[] = [];
    const hear = (warning: Error): void => void warnings.push(warning);
    process.on("warning", hear);
    onTestFinished(() => void process.off("warning", hear));
    const onError = (): never => {
      throw new Error("the program's own");
    };
    await spool.enqueue(quickTask("out/a"), { autostart: { args: ["--root", "\0"], onError } });
    await until(() => warnings.some(({ message }) => message === "the program's own"));
    await spool.enqueue(quickTask("out/b"), { autostart: { args: ["--root", "\0"] } });
    await until(() => warnings.some(({ message }) => message.startsWith("a daemon that was to be started broke down")));
  });

  it("leaves a daemon behind that outlives the program and has its environment, but not its service manager", async () => {
    const place = await freshPlace();
    const settings = { SPOOLD_LOG_FILE: "from-environment.txt", SPOOLD_CONCURRENCY: "1" };
    const script = `
      import { enqueue } from ${JSON.stringify(LIBRARY)};
      await enqueue(${JSON.stringify(quickTask("out/a"))}, { autostart: true });
      process.exit(0);`;
    const env = cleanEnvironment({ ...settings, NOTIFY_SOCKET: "/nowhere", SPOOLD_LOG_LEVEL: "debug" });
    const program = spawn(process.execPath, ["--input-type=module", "--eval", script], { cwd: place.directory, env });
    const code = await new Promise((resolve) => program.once("exit", resolve));
    expect(code).toBe(0);
    await (await openSpool(place.spool)).ticket(1).done();
    await place.quiet();
    const log = await readFile(join(place.directory, "from-environment.txt"), "utf8");
    expect(log).toContain('"msg":"daemon stopped"');
    expect(log).not.toContain("systemd not told");
    expect(await readdir(join(place.directory, "out"))).toEqual(["a.jpg"]);
  });
});

describe("of two daemons started at once with --once", () => {
  it("one does the work and the other ends with 75, which its log does not call an error", async () => {
    const place = await freshPlace();
    const spool = await openSpool(place.spool);
    await spool.enqueue(quickTask("out/a"));
    const lock = await acquireDaemonLock(realSystem(), layoutOf(place.spool), () => undefined);
    const args = ["start", "--once", ...place.start.args, "--log-file", place.start.logFile];
    expect((await spoold(place.directory, args)).code).toBe(75);
    await lock.release();
    expect(await place.lines()).toMatchObject([
      { level: "info", msg: "daemon ended", error: { code: "SPOOL_LOCKED" } },
    ]);
    expect((await spoold(place.directory, args)).code).toBe(0);
  });
});
