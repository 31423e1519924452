import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type AutostartOptions, openSpool, type SpooldError } from "../../src/index.ts";
import { createStarter } from "../../src/spool/autostart.ts";
import { acquireDaemonLock } from "../../src/spool/daemon-lock.ts";
import { layoutOf } from "../../src/spool/layout.ts";
import { realSystem } from "../../src/system.ts";
import { freshPlace, type Place } from "../support/autostart.ts";
import { cleanEnvironment, spoold } from "../support/cli.ts";
import { until } from "../support/daemon.ts";
import { newSpool, put } from "../support/directories.ts";
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

describe("a starter", () => {
  it.each([
    ["nothing waits", []],
    ["what lies in tasks/ is no task", ["tasks/note.txt", "tasks/cat.json.part", "tasks/.hidden.json"]],
    ["all that waits is not due", ["deferred/9999999999999.1.a1.json"]],
    ["the spool is paused", ["tasks/1.json", "PAUSE"]],
  ])("starts nothing when %s", async (_when, files) => {
    const { layout, wake, starts } = await fakeStarts();
    for (const file of files) await put(join(layout.root, file));
    await wake();
    expect(starts()).toBe(0);
  });

  it("makes no spool where there is none, and looks into one that is damaged no longer than to say so", async () => {
    const place = await freshPlace();
    const options = gathering(place);
    const starter = createStarter(realSystem(), layoutOf(place.spool));
    await starter.wake(options);
    expect([options.errors, await readdir(place.directory)]).toEqual([[], ["out", "quick.jpg"]]);
    await mkdir(join(place.spool, "tasks"), { recursive: true });
    await writeFile(join(place.spool, "tasks/1.json"), "{}");
    await starter.wake(options);
    expect(options.errors).toMatchObject([{ code: "AUTOSTART_FAILED" }]);
  });

  it("starts none while a daemon owns the spool", async () => {
    const { layout, wake, starts } = await fakeStarts();
    await put(join(layout.tasks, "1.json"));
    const lock = await acquireDaemonLock(realSystem(), layout, () => undefined);
    await wake();
    expect(starts()).toBe(0);
    await lock.release();
    await wake();
    expect(starts()).toBe(1);
  });

  it("does not start daemon after daemon for what none can run yet, and does at once when something new comes", async () => {
    const { layout, clock, wake, starts, end } = await fakeStarts();
    await put(join(layout.tasks, "1.json"));
    const counts: number[] = [];
    for (const laterMs of [0, 0, 0, 999, 1, 1_999, 1, 3_999, 1]) {
      clock.nowMs += laterMs;
      await wake();
      counts.push(starts());
      await end();
    }
    // Once more at once, then after 1 s, 2 s, 4 s.
    expect(counts).toEqual([1, 2, 2, 2, 3, 3, 4, 4, 5]);
    await put(join(layout.tasks, "2.json"));
    await wake();
    expect(starts()).toBe(6);
    await rm(join(layout.tasks, "1.json"));
    await rm(join(layout.tasks, "2.json"));
    await end();
    await put(join(layout.tasks, "3.json"));
    await wake();
    await end();
    await wake();
    expect(starts()).toBe(8);
  });

  it("comes back by itself to what waits when it was asked too early", async () => {
    const { layout, clock, wake, starts, end } = await fakeStarts();
    await put(join(layout.tasks, "1.json"));
    for (let count = 0; count < 2; count++) {
      await wake();
      await end();
    }
    clock.nowMs += 999.9;
    await wake();
    expect(starts()).toBe(2);
    clock.nowMs += 1;
    await until(() => starts() === 3);
  });

  it("looks again when its daemon has ended, if it was asked meanwhile: that one may have been at its end", async () => {
    const { layout, wake, starts, end } = await fakeStarts();
    await put(join(layout.tasks, "1.json"));
    await Promise.all([wake(), wake(), wake()]);
    expect(starts()).toBe(1);
    await end();
    expect(starts()).toBe(2);
    await rm(join(layout.tasks, "1.json"));
    await end();
    await put(join(layout.tasks, "2.json"));
    expect(starts()).toBe(2);
    await wake();
    expect(starts()).toBe(3);
  });

  it("does not start daemon after daemon when they break down, whatever comes in", async () => {
    const { layout, clock, wake, starts, end } = await fakeStarts();
    const counts: number[] = [];
    for (const [index, laterMs] of [0, 0, 0, 999, 1].entries()) {
      await put(join(layout.tasks, `${index + 1}.json`));
      clock.nowMs += laterMs;
      await wake({ onError: () => undefined });
      counts.push(starts());
      await end(78);
    }
    expect(counts).toEqual([1, 2, 2, 2, 3]);
  });

  it("starts anew after one that could not be started", async () => {
    const { layout, wake, starts, refuse } = await fakeStarts();
    await put(join(layout.tasks, "1.json"));
    const errors: SpooldError[] = [];
    refuse(true);
    await wake({ onError: (error) => errors.push(error) });
    expect([starts(), errors]).toEqual([0, [expect.objectContaining({ code: "RESOURCES_SHORT" })]]);
    refuse(false);
    await wake();
    expect(starts()).toBe(1);
  });
});

/** A starter with daemons that are none: they do nothing, and end when they are told to. */
async function fakeStarts() {
  const layout = await newSpool();
  const clock = { nowMs: 0 };
  const ends: ((code: number) => Promise<void>)[] = [];
  let isRefused = false;
  let count = 0;
  const launch: Parameters<typeof createStarter>[2] = async (_system, _layout, _command, ended) => {
    if (isRefused) throw Object.assign(new Error("EAGAIN: no more processes"), { code: "EAGAIN" });
    count += 1;
    ends.push((code) => ended(code, null, ""));
  };
  const system = { ...realSystem(), monotonicMs: () => clock.nowMs };
  const starter = createStarter(system, layout, launch);
  return {
    layout,
    clock,
    wake: (options: AutostartOptions = {}) => starter.wake(options),
    starts: () => count,
    refuse: (refused: boolean): void => {
      isRefused = refused;
    },
    /** Ends the daemon that runs, if one does, and lets the starter hear of it. */
    async end(code = 0) {
      await ends.pop()?.(code);
    },
  };
}

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
