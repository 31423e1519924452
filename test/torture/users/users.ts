import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Layout, layoutOf, STATES } from "../../../src/spool/layout.ts";
import { cleanEnvironment } from "../../support/cli.ts";
import { placeModule } from "../../support/handlers.ts";
import type { Torture } from "../torture-context.ts";
import { ACCOUNTS, GROUP, runAs } from "./accounts.ts";
import { OFFENCES } from "./offences.ts";

const BIN = fileURLToPath(new URL("../../../bin/spoold.js", import.meta.url));

/** A spool in which two other accounts may drop tasks, as README tells, and what else they try there. */
export const users: Torture = {
  tells: "what other accounts try in a spool in which they may drop tasks, and a flood of drops; needs root",
  rounds: 100_000,
  async run({ directory, rounds, say }) {
    if (process.getuid?.() !== 0) return { faults: ["needs root, to be other accounts"], counts: {}, figures: {} };
    const layout = await openDropBox(directory);
    const daemon = await startDaemon(directory, layout);
    try {
      const faults = await faultsOfDrops(directory, layout);
      say("offences");
      faults.push(...(await faultsOfOffences(directory, layout, daemon.pid)));
      say(`a flood of ${rounds} files`);
      const flood = await sufferFlood(directory, layout, rounds);
      faults.push(...flood.faults);
      const { peakMib } = await daemon.memory();
      if (peakMib > MOST_MIB) faults.push(`the daemon took ${peakMib} MiB`);
      const exit = await daemon.stop();
      if (exit !== 0) faults.push(`the daemon ended with ${exit}`);
      const offences = Object.keys(OFFENCES).length;
      return {
        faults,
        counts: { tried: { offences: 2 * offences, floodFiles: rounds } },
        figures: { peakMib, ...flood.figures },
      };
    } finally {
      await daemon.stop();
    }
  },
};

/** A flood is bounded by a quota; the daemon keeps a window of it only. */
const MOST_MIB = 400;
const PATIENCE_MS = 600_000;

/** The spool of the daemon's account, open to the group as README tells. */
async function openDropBox(directory: string): Promise<Layout> {
  await chmod(directory, 0o711);
  const home = join(directory, "home");
  await mkdir(home);
  await chown(home, ACCOUNTS.daemon, GROUP);
  const layout = layoutOf(join(home, "spool"));
  const made = await runAs("daemon", home, `"${process.execPath}" "${BIN}" start --once`);
  if (made.code !== 0) throw new Error(`no spool could be made: ${made.output}`);
  await placeModule(layout.handlers, "note.mjs", "export default ({ data }) => data;");
  for (const path of [layout.handlers, join(layout.handlers, "note.mjs")]) await chown(path, ACCOUNTS.daemon, GROUP);
  await runAs("daemon", home, "chmod 0710 spool; chmod 1730 spool/tasks");
  return layout;
}

async function startDaemon(directory: string, layout: Layout) {
  const settings = ["--settle", "100", "--reject-after", "1000", "--concurrency", "1", "--max-alike", "0"];
  const child = spawn(process.execPath, [BIN, "start", "--spool", layout.root, "--log-file", "log.txt", ...settings], {
    cwd: join(directory, "home"),
    uid: ACCOUNTS.daemon,
    gid: GROUP,
    env: cleanEnvironment(),
    stdio: "ignore",
  });
  const ended = once(child, "close");
  await until(async () => (await readdir(layout.run)).includes("spoold.sock"), 30_000);
  const pid = child.pid ?? 0;
  return {
    pid,
    async memory() {
      const status = await readFile(`/proc/${pid}/status`, "utf8").catch(String);
      return { peakMib: Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024) };
    },
    async stop() {
      child.kill("SIGTERM");
      await ended;
      return child.exitCode ?? child.signalCode;
    },
  };
}

/** Both may drop, and their tasks are done; neither may enqueue. */
async function faultsOfDrops(directory: string, layout: Layout): Promise<string[]> {
  const faults: string[] = [];
  for (const account of ["alice", "bob"] as const) {
    const text = JSON.stringify({ handler: "note", data: account });
    const dropped = await runAs(account, directory, 'umask 022; echo "$2" > "$1/tasks/of-$3.json"', [
      layout.root,
      text,
      account,
    ]);
    if (dropped.code !== 0) faults.push(`${account} could not drop a task: ${dropped.output}`);
    const add = `echo '${text}' | "${process.execPath}" "${BIN}" add --spool "${layout.root}"`;
    const added = await runAs(account, directory, add);
    if (added.code !== 74 || !added.output.includes("SPOOL_FOREIGN"))
      faults.push(`${account} was to be told why to drop by hand, and was told ${added.code}: ${added.output}`);
  }
  if (!(await until(async () => (await readdir(layout.done)).length === 2, 30_000)))
    faults.push("their drops were not done");
  return faults;
}

async function faultsOfOffences(directory: string, layout: Layout, pid: number): Promise<string[]> {
  const faults: string[] = [];
  const before = await stateOf(layout);
  for (const [account, other] of [
    ["alice", "bob"],
    ["bob", "alice"],
  ] as const) {
    // A hidden name is passed over, so that it stays; and its owner lets nobody read it.
    const drop = join(layout.tasks, `.of-${other}.json`);
    await runAs(other, directory, 'umask 077; echo "{}" > "$1"', [drop]);
    for (const [name, script] of Object.entries(OFFENCES)) {
      const { code, output } = await runAs(account, directory, script, [layout.root, drop, `${pid}`]);
      if (code === 0) faults.push(`${account} ${name}: ${output}`);
    }
    if ((await readFile(drop, "utf8").catch(String)) !== "{}\n")
      faults.push(`${account} has changed a drop of ${other}`);
    await runAs(other, directory, 'rm "$1"', [drop]);
    await runAs(account, directory, 'rm -f "$1/tasks/mine.part"', [layout.root]);
  }
  const after = await stateOf(layout);
  if (after !== before) faults.push(`the spool was ${before}, is ${after}`);
  return faults;
}

/** Names in all directories but `run/`, where the daemon's heart beats. */
async function stateOf({ root, ...layout }: Layout): Promise<string> {
  const lists = await Promise.all(STATES.map((state) => readdir(layout[state]).catch(String)));
  return JSON.stringify([await readdir(root), ...lists]);
}

/** Half of a flood is junk, the rest squats numbers that come next; the owner's own task must come through. */
async function sufferFlood(directory: string, layout: Layout, files: number) {
  const faults: string[] = [];
  const script = `const fs = require("fs"); const [, tasks, count] = process.argv;
    for (let at = 0; at < count; at++) fs.writeFileSync(tasks + "/" + (at % 2 ? "junk-" + at : 3 + at) + ".json", at % 2 ? "junk" : "{", { mode: 0o600 });`;
  const flooding = await runAs("alice", directory, `exec "${process.execPath}" -e "$1" "$2" "$3"`, [
    script,
    layout.tasks,
    `${files}`,
  ]);
  if (flooding.code !== 0) faults.push(`the flood was not delivered: ${flooding.output}`);
  await writeFile(join(directory, "own.json"), JSON.stringify({ handler: "note", data: "own", priority: 100 }));
  const startedAt = performance.now();
  const add = `"${process.execPath}" "${BIN}" add --spool "$1" "$2"`;
  const added = await runAs("daemon", directory, add, [layout.root, join(directory, "own.json")]);
  const addMs = Math.round(performance.now() - startedAt);
  const number = added.output.trim();
  if (added.code !== 0) faults.push(`the owner could not enqueue in a flood: ${added.output}`);
  else if (!(await until(async () => (await readdir(layout.done)).includes(`${number}.json`), PATIENCE_MS)))
    faults.push("the owner's task was not done in a flood");
  const doneMs = Math.round(performance.now() - startedAt);
  return { faults, figures: { floodAddMs: addMs, floodDoneMs: doneMs } };
}

async function until(condition: () => Promise<boolean>, patienceMs: number): Promise<boolean> {
  const endAtMs = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > endAtMs) return false;
    await sleep(20);
  }
  return true;
}
