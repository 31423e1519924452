/** How a worker's process is started, and what it is given of this one. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The built entry file: at the same depth from the source tree and from the built one. */
const ENTRY = fileURLToPath(new URL("../../dist/worker/main.js", import.meta.url));

/** What a child needs of the environment, and nothing else of it: no secrets, no loosened limits. */
const PASSED_ON = ["PATH", "TMPDIR", "LANG", "TZ", "LD_LIBRARY_PATH", "FONTCONFIG_PATH"] as const;

/**
 * glibc's allocator, told to keep what it has for the next picture: without the thresholds each picture's memory goes
 * back to the system and is faulted in again, which took a twentieth of a worker's time.
 */
const ALLOCATOR = {
  MALLOC_ARENA_MAX: "2",
  MALLOC_MMAP_THRESHOLD_: String(32 * 1024 * 1024),
  MALLOC_TRIM_THRESHOLD_: String(128 * 1024 * 1024),
};

/**
 * V8 counts the pixels that Buffers hold as its own and collects everything that lives once for each picture, which took
 * as much again. With this room, in MiB, the quick collections of young objects are enough.
 */
const HEAP = ["--initial-old-space-size=64"];

/** A fork fails at once when memory is short; that is a death at the start as any other. */
export function forkOrNothing(env: NodeJS.ProcessEnv): ChildProcess | undefined {
  try {
    return fork(ENTRY, [], {
      env: childEnvironment(env),
      execArgv: HEAP,
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
  } catch {
    // The pool reports the death and tries again later.
    return undefined;
  }
}

function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const passed = PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]));
  return { ...Object.fromEntries(passed), ...ALLOCATOR, VIPS_BLOCK_UNTRUSTED: "1" };
}
