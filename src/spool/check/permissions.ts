import { dirname } from "node:path";
import { ignoring, type System, syncDirectory } from "../../system.ts";
import { type Layout, STATES } from "../layout.ts";
import type { Check, CheckContext } from "./context.ts";
import type { Finding } from "./finding.ts";

/** Directories into which others may write, and files that are not ours. */
export const checkPermissions: Check = async (context) => [
  ...(await unsafeDirectories(context)),
  ...(await wrongOwners(context)),
];

/** Directories that are missing: nothing else can be looked for before they are there. */
export async function missingDirectories(system: System, layout: Layout): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const path of [...STATES.map((state) => layout[state]), layout.tmp, layout.attempts]) {
    if ((await ignoring(["ENOENT"], system.fs.lstat(path)))?.isDirectory()) continue;
    const apply = async (): Promise<void> => {
      await system.fs.mkdir(path, { mode: 0o700 });
      await syncDirectory(system, dirname(path));
    };
    const tells = "the rest is looked through when it is there";
    findings.push({ code: "missing-directory", path, tells, mend: { needsLock: false, apply } });
  }
  return findings;
}

/** A daemon refuses to start on such a spool, see `checkSpool`. */
async function unsafeDirectories({ system, layout }: CheckContext): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const path of [layout.root, ...STATES.map((state) => layout[state]), layout.tmp, layout.run]) {
    const stat = await ignoring(["ENOENT"], system.fs.lstat(path));
    if (stat === undefined) continue;
    // A group may write into the spool, and others into tasks/ where it is sticky.
    const isDropBox = path === layout.tasks && (stat.mode & 0o1000) !== 0;
    const unsafe = path === layout.root ? 0o002 : 0o022;
    const isSticky = isDropBox || (path === layout.root && (stat.mode & 0o1000) !== 0);
    if (isSticky || (stat.mode & unsafe) === 0) continue;
    const kept = stat.mode & 0o7777 & ~unsafe;
    const apply = (): Promise<void> => system.fs.chmod(path, kept);
    const tells = `its mode is ${(stat.mode & 0o7777).toString(8)}`;
    findings.push({ code: "unsafe-directory", path, tells, mend: { needsLock: false, apply } });
  }
  return findings;
}

/** One finding for each directory, however many it holds. */
async function wrongOwners({ system, layout, survey }: CheckContext): Promise<readonly Finding[]> {
  const { uid } = await system.fs.lstat(layout.root);
  const tasks = await ignoring(["ENOENT"], system.fs.lstat(layout.tasks));
  const isShared = ((tasks?.mode ?? 0) & 0o022) !== 0;
  const wrong = new Map<string, { readonly path: string; readonly count: number }>();
  for (const { state, path } of [...survey.tasks.values()].flat()) {
    // What others drop into a directory that is shared with them is theirs until it is taken in.
    if (state === "tasks" && isShared) continue;
    const stat = await ignoring(["ENOENT"], system.fs.lstat(path));
    if (stat === undefined || (stat.uid === uid && (stat.mode & 0o400) !== 0)) continue;
    wrong.set(state, { path, count: (wrong.get(state)?.count ?? 0) + 1 });
  }
  return [...wrong.values()].map(({ path, count }) => {
    const others = count === 1 ? "" : `, nor of ${count - 1} more beside it`;
    return { code: "wrong-owner", path, tells: `the account ${uid} is not its owner, or not its reader${others}` };
  });
}
