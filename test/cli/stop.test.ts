import { access } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptySpool, jsonLines, placeTask, spoold, startBusyDaemon, TASK } from "../support/cli.ts";
import { freshDirectory, startDaemon } from "../support/daemon.ts";

async function isOwned(directory: string): Promise<boolean> {
  const { stdout } = await spoold(directory, ["status", "--json"]);
  return jsonLines(stdout)[0]?.["daemon"] !== null;
}

describe("spoold stop", () => {
  it("is content when there is no daemon", async () => {
    const directory = await freshDirectory();
    const spool = await emptySpool(directory);
    const ended = await spoold(directory, ["stop"]);
    expect(ended).toEqual({ code: 0, stdout: "", stderr: `spoold: no daemon runs on ${spool}\n` });
  });

  it("lets what runs be finished, starts nothing more, and returns when the next daemon may start", async () => {
    const directory = await freshDirectory();
    const { daemon, number, goOn } = await startBusyDaemon(directory, TASK);
    const second = await placeTask(directory, "tasks");
    const stops = spoold(directory, ["stop"]);
    await daemon.line(({ msg }) => msg === "daemon stopping");
    expect(await isOwned(directory)).toBe(true);
    goOn();
    const { code, stdout, stderr } = await stops;
    expect(await isOwned(directory)).toBe(false);
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toBe(`spoold: daemon ${daemon.pid} finishes 1 running and ends\n`);
    expect(await daemon.ended).toBe(0);
    await access(join(directory, "cat.webp"));
    await access(join(directory, `spool/done/${number}.json`));
    await access(join(directory, `spool/tasks/${second}.json`));
  });

  it("may be asked twice at once", async () => {
    const directory = await freshDirectory();
    const daemon = await startDaemon(directory);
    const both = await Promise.all([spoold(directory, ["stop"]), spoold(directory, ["stop"])]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(await isOwned(directory)).toBe(false);
    expect(await daemon.ended).toBe(0);
  });

  it("ends with 75 when the daemon does not answer", async () => {
    const directory = await freshDirectory();
    const daemon = await startDaemon(directory);
    process.kill(daemon.pid, "SIGSTOP");
    const { code, stderr } = await spoold(directory, ["stop"]);
    expect(code).toBe(75);
    expect(stderr).toContain(`pid ${daemon.pid}`);
    expect(stderr).toContain("[SPOOL_LOCKED]");
  });
});
