import { execFileSync, spawn } from "node:child_process";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { openSystemd } from "../../src/daemon/systemd.ts";
import type { Log } from "../../src/log.ts";
import { freshDirectory, startDaemon, until } from "../support/daemon.ts";
import { spoolIn } from "../support/spool.ts";

const HAS_NOTIFY = has("systemd-notify");

function has(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** A `systemd-notify` that writes down what it is told, and an environment that names it. */
async function listener(): Promise<{ env: NodeJS.ProcessEnv; told: () => Promise<readonly string[]> }> {
  const directory = await freshDirectory();
  const [bin, file] = [join(directory, "bin"), join(directory, "told.txt")];
  await mkdir(bin);
  await writeFile(join(bin, "systemd-notify"), `#!/bin/sh\nIFS=,\necho "$*" >> '${file}'\n`);
  await chmod(join(bin, "systemd-notify"), 0o755);
  return {
    env: { PATH: `${bin}:${process.env["PATH"]}`, NOTIFY_SOCKET: join(directory, "socket") },
    told: async () => (await readFile(file, "utf8").catch(() => "")).split("\n").slice(0, -1),
  };
}

function quietLog(): { log: Log; events: unknown[][] } {
  const events: unknown[][] = [];
  const log: Log = { event: (...event) => void events.push(event), reopen() {}, dropped: () => 0, close() {} };
  return { log, events };
}

describe("systemd", () => {
  it("is told of the start once, of life when the loop has come round, and of the end, in this order", async () => {
    const { env, told } = await listener();
    const { log, events } = quietLog();
    let rings = 0;
    const ring = (): void => {
      rings += 1;
    };
    const systemd = openSystemd({ env: { ...env, WATCHDOG_USEC: "20000" }, log, ring });
    onTestFinished(() => systemd.close());
    systemd.ready();
    systemd.ready();
    // Each time that it is due, the loop is rung for; a loop that does not come is not told of.
    await until(() => rings >= 3);
    systemd.turned(() => "2 running, 1 waiting");
    systemd.turned(() => "never said: no life is due");
    systemd.stopping();
    await until(async () => (await told()).length >= 3);
    expect(await told()).toEqual(["READY=1", "WATCHDOG=1,STATUS=2 running, 1 waiting", "STOPPING=1"]);
    expect(events).toEqual([]);
  });

  it.each([
    ["it does not watch", {}],
    ["it watches another process", { WATCHDOG_USEC: "1000", WATCHDOG_PID: "1" }],
    ["it says nonsense", { WATCHDOG_USEC: "soon" }],
    ["nobody listens", { WATCHDOG_USEC: "1000", NOTIFY_SOCKET: "" }],
  ])("is given no sign of life when %s", async (_when, more) => {
    const { env, told } = await listener();
    let rings = 0;
    const systemd = openSystemd({
      env: { ...env, ...more },
      log: quietLog().log,
      ring: () => {
        rings += 1;
      },
    });
    onTestFinished(() => systemd.close());
    await sleep(20);
    systemd.turned(() => "");
    systemd.stopping();
    if (!("NOTIFY_SOCKET" in more)) await until(async () => (await told()).length > 0);
    expect([rings, (await told()).filter((words) => words !== "STOPPING=1")]).toEqual([0, []]);
  });

  it("that cannot be told is no reason to stop, and stands in the log once until it can", async () => {
    const { env } = await listener();
    const { log, events } = quietLog();
    const systemd = openSystemd({ env: { ...env, PATH: "/nowhere" }, log, ring: () => undefined });
    systemd.ready();
    systemd.stopping();
    await until(() => events.length > 0);
    await sleep(20);
    expect(events).toEqual([["warn", "systemd not told", { because: expect.stringContaining("ENOENT") }]]);
  });
});

describe("a daemon under systemd", () => {
  it("says that it is ready, that it lives and how it is, and that it stops", async () => {
    const { env, told } = await listener();
    const directory = await freshDirectory();
    await spoolIn(directory);
    const daemon = await startDaemon(directory, [], { ...env, WATCHDOG_USEC: "200000" });
    await until(async () => (await told()).length >= 3);
    await writeFile(join(directory, "spool/PAUSE"), "");
    await until(async () => (await told()).some((words) => words.includes("the spool is paused by hand")));
    process.kill(daemon.pid, "SIGTERM");
    expect(await daemon.ended).toBe(0);
    await until(async () => (await told()).includes("STOPPING=1"));
    const [first, ...others] = await told();
    expect([first, others[0]]).toEqual(["READY=1", "WATCHDOG=1,STATUS=0 running, 0 waiting"]);
    // A stopped process gives no sign, as one whose loop hangs: that is seen above.
    expect(others.filter((words) => !/^(WATCHDOG=1,STATUS=.+|STOPPING=1)$/.test(words))).toEqual([]);
  });

  it(
    HAS_NOTIFY ? "is heard at the socket itself" : "was not heard at the socket: there is no systemd-notify here",
    async () => {
      if (!HAS_NOTIFY) return;
      const directory = await freshDirectory();
      const socket = join(directory, "notify");
      // Node has no sockets for datagrams.
      const script = `use Socket; socket(S, AF_UNIX, SOCK_DGRAM, 0) or die; bind(S, sockaddr_un($ARGV[0])) or die;
      $| = 1; print "listening\\n"; while (defined recv(S, $m, 4096, 0)) { $m =~ s/\\n/,/g; print "$m\\n"; }`;
      const perl = spawn("perl", ["-e", script, socket], { stdio: ["ignore", "pipe", "inherit"] });
      onTestFinished(() => void perl.kill());
      let heard = "";
      perl.stdout.setEncoding("utf8").on("data", (text: string) => {
        heard += text;
      });
      await until(() => heard.includes("listening"));
      const { log, events } = quietLog();
      const env = { PATH: process.env["PATH"], NOTIFY_SOCKET: socket, WATCHDOG_USEC: "20000" };
      const systemd = openSystemd({ env, log, ring: () => systemd.turned(() => "0 running, 0 waiting") });
      systemd.ready();
      await until(() => heard.includes("WATCHDOG=1,STATUS=0 running, 0 waiting"));
      systemd.close();
      systemd.stopping();
      await until(() => heard.includes("STOPPING=1"));
      // What lies between are its barriers, by which it knows that it was heard.
      expect(
        heard
          .split("\n")
          .filter((words) => !/^(BARRIER=1)?$/.test(words))
          .slice(0, 2),
      ).toEqual(["listening", "READY=1"]);
      expect(events).toEqual([]);
    },
  );
});
