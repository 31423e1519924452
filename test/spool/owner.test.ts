import { spawn } from "node:child_process";
import { once } from "node:events";
import { hostname } from "node:os";
import { describe, expect, it, onTestFinished } from "vitest";
import { bootId, describeSelf, isProvablyDead, type Owner } from "../../src/spool/owner.ts";
import { type FileSystem, realSystem, type System } from "../../src/system.ts";
import { until } from "../support/directories.ts";
import { errno } from "../support/recorder.ts";

const real = realSystem();
const silent = async (): Promise<boolean> => false;
const answering = async (): Promise<boolean> => true;
const unasked = (): never => {
  throw new Error("asked although pids can tell");
};

/** A system without /proc, as macOS is. */
const bare: System = {
  ...real,
  fs: {
    ...real.fs,
    readFile: (() => Promise.reject(errno("ENOENT"))) as unknown as FileSystem["readFile"],
    readlink: (() => Promise.reject(errno("ENOENT"))) as unknown as FileSystem["readlink"],
  },
};

async function self(change: Partial<Owner> = {}): Promise<Owner> {
  return { ...(await describeSelf(real, 1)), ...change };
}

describe("an owner", () => {
  it("describes this process well enough to tell it from every other", async () => {
    const owner = await describeSelf({ ...real, nowMs: () => 0 }, 3);
    expect(owner).toMatchObject({
      generation: 3,
      pid: process.pid,
      host: hostname(),
      since: "1970-01-01T00:00:00.000Z",
    });
    expect(owner.nonce).not.toBe((await self()).nonce);
    expect(owner.bootId).toBe(await bootId(real));
  });

  it("that runs is not dead, and pids alone tell", async () => {
    expect(await isProvablyDead(real, await self(), unasked)).toBe(false);
  });

  it("whose process is gone, or only a zombie, is dead", async () => {
    // What the shell becomes never waits for the child, which ends when it is told and then stays a zombie.
    const script = "exec 3<&0; (read line <&3) & echo $!; exec sleep 60 3<&-";
    const shell = spawn("sh", ["-c", script], { stdio: ["pipe", "pipe", "ignore"] });
    onTestFinished(() => void shell.kill("SIGKILL"));
    const [line] = (await once(shell.stdout, "data")) as [Buffer];
    const pid = Number(line.toString());
    const stat = async (of = pid): Promise<string> => String(await real.fs.readFile(`/proc/${of}/stat`, "utf8"));
    await until(async () => (await stat(shell.pid)).includes("(sleep)"));
    shell.stdin.end();
    await until(async () => (await stat()).includes(") Z "));
    const pidStart = (await stat()).split(") ")[1]?.split(" ")[19] ?? "";
    expect(await isProvablyDead(real, await self({ pid, pidStart }), unasked)).toBe(true);
    expect(await isProvablyDead(real, await self({ pid: 2 ** 22 + 1, pidStart: "5" }), unasked)).toBe(true);
  });

  it("whose pid was given to a process that started at another time is dead", async () => {
    expect(await isProvablyDead(real, await self({ pidStart: "1" }), unasked)).toBe(true);
  });

  it("of an earlier boot of this machine is dead", async () => {
    expect(await isProvablyDead(real, await self({ bootId: "another" }), unasked)).toBe(true);
  });

  it("of another machine counts as alive, for nothing can be proved", async () => {
    const elsewhere = { bootId: "another", machineId: "other" };
    expect(await isProvablyDead(real, await self(elsewhere), unasked)).toBe(false);
    expect(await isProvablyDead(real, await self({ ...elsewhere, host: "other" }), unasked)).toBe(false);
  });

  it("of another pid namespace is asked, since its pid means nothing here", async () => {
    const owner = await self({ pidNamespace: "pid:[1]", host: "container" });
    expect(await isProvablyDead(real, owner, answering)).toBe(false);
    expect(await isProvablyDead(real, owner, silent)).toBe(true);
  });

  it("without a start time counts as alive while its pid is in use, whether it answers or not", async () => {
    const owner = await describeSelf(bare, 1);
    expect(owner).toMatchObject({ bootId: null, machineId: null, pidStart: null, pidNamespace: null });
    expect(await isProvablyDead(bare, owner, answering)).toBe(false);
    expect(await isProvablyDead(bare, owner, silent)).toBe(false);
    expect(await isProvablyDead(bare, { ...owner, pid: 2 ** 22 + 1 }, unasked)).toBe(true);
  });
});
