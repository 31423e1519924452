import { describe, expect, it } from "vitest";
import { callsIn, formsOf } from "./calls.ts";

describe("a log of strace", () => {
  it("tells of changes alone, each with its path and which of its kind it is", () => {
    const log = [
      '7 openat(AT_FDCWD</w>, "/w/a", O_RDONLY|O_CLOEXEC) = 18</w/a>',
      '7 openat(AT_FDCWD</w>, "/w/a", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0600) = 19</w/a>',
      '7 write(17<anon_inode:[eventfd]>, ""..., 8) = 8',
      '7 write(19</w/a>, ""..., 310)   = 310',
      "7 fsync(19</w/a>)               = 0",
      "8 fsync(20</w/a>)               = 0",
      '7 unlink("/w/b")                = -1 ENOENT (No such file or directory)',
      '7 symlink("1.json", "/w/c")     = 0',
      "7 +++ exited with 0 +++",
    ].join("\n");
    const told = callsIn(log).map(({ call, path, nth, thread, errno }) => [call, path, nth, thread, errno]);
    expect(told).toEqual([
      // The one that only reads counts, and is not told.
      ["openat", "/w/a", 2, "7", undefined],
      ["write", "/w/a", 1, "7", undefined],
      ["fsync", "/w/a", 1, "7", undefined],
      ["fsync", "/w/a", 1, "8", undefined],
      ["unlink", "/w/b", 1, "7", "ENOENT"],
      ["symlink", "/w/c", 1, "7", undefined],
    ]);
  });

  it("knows a call again that was interrupted by another thread's", () => {
    const log = [
      '7 link("/w/a", "/w/b" <unfinished ...>',
      "8 fsync(20</w>) = 0",
      "7 <... link resumed>) = -1 EEXIST (File exists)",
    ];
    expect(callsIn(log.join("\n")).map(({ call, errno }) => [call, errno])).toEqual([
      ["link", "EEXIST"],
      ["fsync", undefined],
    ]);
  });

  it("gives no path to a rename whose name tells a time, and counts all renames then", () => {
    const log = ['7 rename("/w/1", "/w/2") = 0', '7 rename("/w/1795251600000.4.a2.json", "/w/4.a2.json") = 0'];
    expect(callsIn(log.join("\n")).map(({ path, nth }) => [path, nth])).toEqual([
      ["/w/1", 1],
      ["", 2],
    ]);
  });

  it("tells where a path leads that is named from a descriptor, and finds it again at another one", () => {
    const log = [
      '7 openat(AT_FDCWD</w>, "/w/out", O_RDONLY|O_DIRECTORY) = 25</w/out>',
      '7 rename("/proc/self/fd/25/.a.tmp", "/proc/self/fd/25/a") = 0',
    ];
    const [call] = callsIn(log.join("\n"));
    expect(call).toMatchObject({
      path: "/w/out/.a.tmp",
      tail: "/.a.tmp",
      nth: 1,
      paths: ["/w/out/.a.tmp", "/w/out/a"],
    });
    expect(formsOf({ path: "/w/out/.a.tmp", tail: "/.a.tmp" })).toContain("/proc/self/fd/31/.a.tmp");
  });

  it("reads names as they are", () => {
    const log = '7 unlink("/w/a \\"cat\\" \\303\\244")        = 0';
    expect(callsIn(log)[0]?.path).toBe('/w/a "cat" ä');
  });
});
