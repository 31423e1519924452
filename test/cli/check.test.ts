import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSpool } from "../../src/index.ts";
import { jsonLines, spoold, startBusyDaemon, TASK } from "../support/cli.ts";
import { freshDirectory, launchDaemon } from "../support/daemon.ts";
import { placePicture, quickTask } from "../support/spool.ts";

describe("spoold check", () => {
  it("knows all that a daemon and its producers write, while it is at work, after kill -9 and when it has ended", async () => {
    const directory = await freshDirectory();
    const { daemon, number, goOn } = await startBusyDaemon(directory, { ...TASK, dedupe: "cat", batch: "b" });
    const atWork = await spoold(directory, ["check"]);
    expect(atWork).toEqual({ code: 0, stdout: "", stderr: "spoold: the spool is in order\n" });

    daemon.child.kill("SIGKILL");
    goOn();
    await daemon.ended;
    const died = await spoold(directory, ["check", "--fix", "--json"]);
    expect(died.code).toBe(1);
    const path = join(directory, "spool", "active", `${number}.a1.json`);
    expect(jsonLines(died.stdout)).toEqual([
      {
        code: "claim-without-daemon",
        path,
        tells: `attempt 1 of ${number} goes on when a daemon is started`,
        isNote: false,
        fix: null,
        isFixed: false,
        refused: null,
      },
    ]);
    expect(await readdir(join(directory, "spool", "active"))).toEqual([`${number}.a1.json`]);

    // A second task fails, and a drop is rejected.
    await (await openSpool(join(directory, "spool"))).enqueue({ ...quickTask("other"), source: "none.jpg" });
    await writeFile(join(directory, "spool", "tasks", "bad.json"), '{ "outputs": 1 }');
    expect(await launchDaemon(directory, ["--once"]).ended).toBe(1);
    expect(await spoold(directory, ["check", "--deep"])).toMatchObject({ code: 0, stdout: "" });
  });

  it("tells on one line what is the matter, and what --fix would do or has done", async () => {
    const directory = await freshDirectory();
    await placePicture(join(directory, "quick.jpg"));
    const spool = await openSpool(join(directory, "spool"));
    await spool.enqueue(quickTask("kept"), { sizes: false });
    await rm(join(directory, "spool", "done"), { recursive: true });
    const line = "missing-directory  done  the rest is looked through when it is there";
    const found = await spoold(directory, ["check"]);
    expect(found).toEqual({
      code: 1,
      stdout: `${line}  --fix makes it\n`,
      stderr: "spoold: 1 left, 0 fixed, 0 only to be known\n",
    });
    const fixed = await spoold(directory, ["check", "--fix"]);
    expect(fixed).toEqual({
      code: 0,
      stdout: `${line}  fixed\n`,
      stderr: "spoold: the spool is in order, 1 fixed, 0 only to be known\n",
    });
  });

  it("looks for sources where the daemon's roots are", async () => {
    const directory = await freshDirectory();
    const spool = await openSpool(join(directory, "spool"));
    await spool.enqueue(TASK, { sizes: false });
    await placePicture(join(directory, "cat.jpg"));
    expect((await spoold(directory, ["check"])).code).toBe(0);
    const { code, stdout } = await spoold(directory, ["check", "--root", "spool"]);
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/^missing-source {2}tasks\/1\.json {2}the source does not/),
    ]);
    expect((await spoold(directory, ["check", "--root", "nowhere"])).code).toBe(78);
  });
});
