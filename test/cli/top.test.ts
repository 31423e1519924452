import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptySpool, placeTask, spoold, startBusyDaemon, TASK } from "../support/cli.ts";
import { freshDirectory, until } from "../support/daemon.ts";
import { type OnTerminal, onTerminal } from "../support/terminal.ts";
import { workersOf } from "../support/workers.ts";

const ENTER = "\u001b[?1049h";
const LEAVE = "\u001b[?7h\u001b[?25h\u001b[?1049l";
const HOSTILE = "\u001b]0;mine\u0007\u202ecat";

/** The lines of each screen that was drawn whole. */
function framesOf({ drawn }: OnTerminal): string[][] {
  const frames = drawn().split("\u001b[H").slice(1);
  const whole = frames.filter((frame) => frame.includes("\u001b[J"));
  return whole.map((frame) => (frame.split("\u001b[J")[0] ?? "").replaceAll("\u001b[K", "").split(/[\r\n]+/));
}

describe("spoold top", () => {
  it("draws what runs, waits and has failed each second, obeys no task, follows the size and gives the terminal back", async () => {
    const directory = await freshDirectory();
    const { daemon, number } = await startBusyDaemon(directory, { ...TASK, summary: HOSTILE });
    const failed = await placeTask(directory, "failed", { ...TASK, supplicant: "alice" });
    const meanwhile = "while [ ! -e smaller ]; do sleep 0.1; done; stty cols 40 rows 13 < /dev/tty";
    const top = onTerminal(directory, "top", { meanwhile });
    const [first = []] = await until(() => framesOf(top).length > 1 && framesOf(top));
    expect(top.drawn().startsWith(ENTER)).toBe(true);
    const text = first.join("\n");
    expect(text).toContain(`daemon  pid ${daemon.pid} on `);
    expect(text).toMatch(
      new RegExp(`^${number} +1 +[\\d.]+ m?s +${String.raw`\\u001b\]0;mine\\u0007\\u202ecat`}$`, "m"),
    );
    expect(text).toMatch(new RegExp(`^${failed} +[\\d.]+ \\w+ +alice +a cat$`, "m"));
    expect(first.at(-1)).toBe("q quits");
    // They write the same file as the one that runs: none of them is next in line.
    for (let count = 0; count < 12; count++) await placeTask(directory, "tasks");
    await until(() =>
      framesOf(top)
        .at(-1)
        ?.some((line) => /^12 +1 +0 +0 +1 +0 +0$/.test(line)),
    );
    await writeFile(join(directory, "smaller"), "");
    await until(() => (framesOf(top).at(-1)?.length ?? 99) <= 13);
    top.type("q");
    expect(await top.ended).toBe(0);
    expect(top.drawn().endsWith(LEAVE)).toBe(true);
    expect(top.drawn()).not.toContain("\u001b]0;");
  });

  it("gives the terminal back before it dies by a signal, and before it tells of an error", async () => {
    const directory = await freshDirectory();
    const spool = await emptySpool(directory);
    const killed = onTerminal(directory, "top");
    const lost = onTerminal(directory, "top");
    await until(() => framesOf(killed).length > 0 && framesOf(lost).length > 0);
    for (const pid of await workersOf(killed.child.pid ?? 0)) process.kill(pid, "SIGTERM");
    // As a shell tells it.
    expect(await killed.ended).toBe(128 + 15);
    expect(killed.drawn()).toContain(LEAVE);
    await rm(spool, { recursive: true });
    expect(await lost.ended).toBe(74);
    expect(lost.drawn().split(LEAVE)[1]).toContain("spoold: ");
  });

  it("prints the same once where there is no terminal, or when it is asked to", async () => {
    const directory = await freshDirectory();
    await placeTask(directory, "tasks", { ...TASK, summary: HOSTILE });
    await placeTask(directory, "deferred", { ...TASK, supplicant: "bob" });
    const { code, stdout, stderr } = await spoold(directory, ["top"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^waiting {2}age.*\n1 .*\\u001b\]0;mine/m);
    expect(stdout).toMatch(/^deferred {2}due.*\n2 +in \d+ d +2 +a cat$/m);
    const once = onTerminal(directory, "top --once");
    expect(await once.ended).toBe(0);
    expect(once.drawn()).not.toContain("\u001b");
    expect(once.drawn().split("\r\n").slice(0, 2)).toEqual(stdout.split("\n").slice(0, 2));
  });
});
