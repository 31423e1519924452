/** Changes to the source that break a promise each, and the tests that are to notice. */

export interface Mutation {
  readonly name: string;
  readonly file: string;
  /** Must stand in the file exactly once, so that a mutation that no longer applies is noticed. */
  readonly search: string;
  readonly replace: string;
  /** The tests that look at this promise: only these are run, for speed. */
  readonly tests: readonly string[];
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: "no directory fsync",
    file: "src/system.ts",
    search: `constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();`,
    replace: `constants.O_RDONLY | constants.O_DIRECTORY);
  try {`,
    tests: ["test/spool/commit.test.ts", "test/spool/power-loss.test.ts", "test/spool/finish.test.ts"],
  },
  {
    name: "rename instead of link for the commit",
    file: "src/spool/commit.ts",
    search: "const linking = fs.link(temporary, pathOf(number, pending))",
    replace: "const linking = fs.rename(temporary, pathOf(number, pending))",
    tests: ["test/spool/commit.test.ts", "test/spool/power-loss-order.test.ts"],
  },
  {
    name: "unlink before the receipt",
    file: "src/spool/finish.ts",
    search: `await commitReceipt(system, layout, receipt);
  await dropActive(system, layout, active);`,
    replace: `await dropActive(system, layout, active);
  await commitReceipt(system, layout, receipt);`,
    tests: ["test/spool/finish.test.ts", "test/spool/power-loss.test.ts"],
  },
  {
    name: "attempt counted after the run",
    file: "src/daemon/resume.ts",
    search: `kind: hasBegun(active) ? ("orphaned" as const) : ("interrupted" as const)`,
    replace: `kind: hasBegun(active) ? ("interrupted" as const) : ("interrupted" as const)`,
    tests: ["test/daemon/recovery.test.ts", "test/torture/kills/kills.test.ts"],
  },
  {
    name: "claimed without a durable name",
    file: "src/spool/claim.ts",
    search:
      "await Promise.all([syncDirectory(system, layout.active), syncDirectory(system, layout[entry.state])]);\n  } catch",
    replace: "await Promise.all([]);\n  } catch",
    tests: ["test/spool/claim.test.ts", "test/spool/power-loss.test.ts"],
  },
  {
    name: "no settle",
    file: "src/daemon/drops.ts",
    search: "if (quietMs < settings.settleMs) return",
    replace: "if (quietMs < 0) return",
    tests: ["test/torture/drops/drops.test.ts", "test/daemon/drops.test.ts"],
  },
  {
    name: "nonce not checked",
    file: "src/spool/daemon-lock.ts",
    search: "if (mine === undefined || mine !== identity || next !== undefined) loseOnce();",
    replace: "if (mine === undefined && identity === undefined && next === mine) loseOnce();",
    tests: ["test/spool/daemon-lock.test.ts", "test/daemon/one-daemon.test.ts"],
  },
  {
    name: "path check of a source before resolving links",
    file: "src/image/paths.ts",
    search: "requireInside(real, roots, { path });\n    if (missing",
    replace: "requireInside(absolute, roots, { path });\n    if (missing",
    tests: ["test/image/paths.test.ts", "test/torture/tasks/tasks.test.ts"],
  },
  {
    name: "path check of an output before resolving links",
    file: "src/image/paths.ts",
    search: "requireInside(real, roots, { path: file });",
    replace: "requireInside(absolute, roots, { path: file });",
    tests: ["test/image/paths.test.ts", "test/torture/tasks/tasks.test.ts"],
  },
  {
    name: "where a directory lies not asked again",
    file: "src/image/confined.ts",
    search: ".catch(() => undefined)) === directory) return handle;",
    replace: ".catch(() => undefined)) !== undefined) return handle;",
    tests: ["test/image/confined.test.ts", "test/image/publish.test.ts"],
  },
  {
    name: "what zod throws thrown on",
    file: "src/task/read-as.ts",
    search: "  } catch {",
    replace: "  } catch (error) {\n    if (error instanceof TypeError) throw error;",
    tests: ["test/task/parse.test.ts"],
  },
];
