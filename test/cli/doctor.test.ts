import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { judgeKind, judgeRoom } from "../../src/cli/doctor/file-systems.ts";
import type { Hint } from "../../src/cli/doctor/hint.ts";
import { judgeInotify } from "../../src/cli/doctor/inotify.ts";
import { judgeDecoders } from "../../src/cli/doctor/pictures.ts";
import { judgeAccount, judgeClock, judgeDescriptors, judgeNode, judgeSocket } from "../../src/cli/doctor/process.ts";
import { judgeCores, judgeMemory } from "../../src/cli/doctor/resources.ts";
import { emptySpool, jsonLines, spoold } from "../support/cli.ts";
import { freshDirectory } from "../support/daemon.ts";

const GIB = 1024 ** 3;
const open = { input: { buffer: true } };
const room = { freeBytes: 50 * GIB, totalBytes: 100 * GIB, freeFiles: 900_000, totalFiles: 1_000_000 };
const inotify = { instances: 2, maxInstances: 128, watches: 10, maxWatches: 8_192 };

describe("a hint of doctor", () => {
  it.each<[string, Hint | undefined, Hint["state"]]>([
    ["Node as old as can be", judgeNode("20.19.0"), "ok"],
    ["a later Node", judgeNode("24.1.0"), "ok"],
    ["too old a Node", judgeNode("20.18.3"), "bad"],
    ["an account of its own", judgeAccount(1_000), "ok"],
    ["root", judgeAccount(0), "warn"],
    ["a platform without accounts", judgeAccount(undefined), "ok"],
    ["descriptors enough", judgeDescriptors(1_024), "ok"],
    ["no limit of descriptors", judgeDescriptors(Number.POSITIVE_INFINITY), "ok"],
    ["few descriptors", judgeDescriptors(1_023), "warn"],
    ["next to no descriptors", judgeDescriptors(64), "bad"],
    ["a clock", judgeClock(-5, "boot"), "ok"],
    ["a clock that was set back", judgeClock(3_600_000, "boot"), "warn"],
    ["a machine that does not tell its boot", judgeClock(0, null), "warn"],
    ["a long path on Linux", judgeSocket("x".repeat(200), "linux"), "ok"],
    ["a long path elsewhere", judgeSocket("x".repeat(101), "darwin"), "warn"],
    ["a short path elsewhere", judgeSocket("x".repeat(100), "darwin"), "ok"],
    ["a disk", judgeKind(0xef53), "ok"],
    ["a file system that nobody knows", judgeKind(0x1234), "ok"],
    ["memory", judgeKind(0x01021994), "warn"],
    ["the layer of a container", judgeKind(0x794c7630), "warn"],
    ["a network", judgeKind(0x6969), "warn"],
    ["room", judgeRoom("room", room)[0], "ok"],
    ["little room on a large disk", judgeRoom("room", { ...room, freeBytes: GIB / 2 })[0], "warn"],
    [
      "little room that is half of the disk",
      judgeRoom("room", { ...room, freeBytes: GIB / 2, totalBytes: GIB })[0],
      "ok",
    ],
    ["no room", judgeRoom("room", { ...room, freeBytes: 1 })[0], "bad"],
    ["inodes enough", judgeRoom("room", room)[1], "ok"],
    ["few inodes", judgeRoom("room", { ...room, freeFiles: 49_999 })[1], "warn"],
    ["no inodes", judgeRoom("room", { ...room, freeFiles: 0 })[1], "bad"],
    ["inodes that are not counted", judgeRoom("room", { ...room, freeFiles: 0, totalFiles: 0 })[1], "ok"],
    ["watches enough", judgeInotify(inotify), "ok"],
    ["hardly an instance left", judgeInotify({ ...inotify, instances: 116 }), "warn"],
    ["hardly a watch left", judgeInotify({ ...inotify, watches: 8_192 }), "warn"],
    ["a worker on each core", judgeCores(4, 4), "ok"],
    ["many workers on few cores", judgeCores(9, 4), "warn"],
    ["one worker on half a core", judgeCores(1, 0.5), "ok"],
    ["four workers on half a core", judgeCores(4, 0.5), "warn"],
    ["memory for all workers", judgeMemory(2, GIB, 2 * GIB), "ok"],
    ["memory for some workers", judgeMemory(3, GIB, 2 * GIB), "warn"],
    ["all decoders", judgeDecoders(["jpeg", "avif"], { jpeg: open, heif: open }), "ok"],
    ["a decoder that was left out", judgeDecoders(["jpeg", "avif"], { jpeg: open }), "warn"],
    ["a decoder that cannot read", judgeDecoders(["svg"], { svg: { input: { buffer: false } } }), "warn"],
  ])("on %s is right", (_what, hint, state) => {
    // Where nothing is the matter there may be no hint at all.
    expect(hint?.state ?? "ok").toBe(state);
    expect(hint?.todo ?? null).toEqual(state === "ok" ? null : expect.stringMatching(/\w/));
  });
});

describe("spoold doctor", () => {
  it("tells of this machine, on which the tests run, nothing that is bad", async () => {
    const directory = await freshDirectory();
    await emptySpool(directory);
    const { code, stdout, stderr } = await spoold(directory, ["doctor", "--json"]);
    expect([code, stderr]).toEqual([0, ""]);
    const hints = jsonLines(stdout);
    for (const hint of hints) {
      expect(Object.keys(hint)).toEqual(["what", "state", "tells", "todo"]);
      expect(["ok", "warn"]).toContain(hint["state"]);
    }
    const about = ["settings", "node", "account", "ulimit -n", "clock", "socket path", "spool", "room for the spool"];
    const all = [...about, "root", "cores", "memory", "sharp", "decoders"];
    expect(hints.map(({ what }) => what)).toEqual(expect.arrayContaining(all));
    expect(hints.find(({ what }) => what === "sharp")?.["tells"]).toMatch(/^\d+\.\d+\.\d+, libvips \d/);
    if (process.platform === "linux") expect(hints.map(({ what }) => what)).toContain("inotify");
  });

  it("tells what is bad and what to do about it, and exits with 1", async () => {
    const directory = await freshDirectory();
    await chmod(join(await emptySpool(directory), "done"), 0o777);
    const wrong = ["--root", "nowhere", "--worker-memory", "1"];
    const { code, stdout } = await spoold(directory, ["doctor", ...wrong]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^bad {3}settings +.*--worker-memory.*\n +-> README lists every setting/m);
    expect(stdout).toMatch(/^bad {3}spool +others may write.*\n +-> chmod go-w/m);
    const missing = await spoold(directory, ["doctor", "--root", "nowhere"]);
    expect(missing.code).toBe(1);
    expect(missing.stdout).toMatch(/^bad {3}root +.*nowhere.*\n +-> make it/m);
  });

  it("needs no spool, and makes none", async () => {
    const directory = await freshDirectory();
    const { code, stdout } = await spoold(directory, ["doctor", "--spool", "not/yet"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^warn {2}spool +none at .*not\/yet yet\n/m);
  });
});
