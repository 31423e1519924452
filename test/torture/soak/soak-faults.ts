/** What happens to a spool in an hour of its life, at the latest. Each tells why it could not be delivered, or null. */
import { readdir, readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { workersOf } from "../../support/workers.ts";
import { statusOf, within } from "../live/waiting.ts";
import { type Scene, whileStopped } from "./scene.ts";

type Strike = (scene: Scene) => Promise<string | null>;

const WORKERS = 2;
const STOPPED_MS = 4_000;
const JUNK = 5_000;
const CALLERS = 200;

/** By name, in the order in which they come. */
export const SOAK_FAULTS: Readonly<Record<string, Strike>> = {
  workerKilled: killWorker,
  daemonStopped: stopDaemon,
  diskFull: fillDisk,
  producerKilled: killProducer,
  junkDropped: dropJunk,
  outputsBlocked: blockOutputs,
  eventsLost: loseEvents,
  callersInvited: inviteCallers,
  logRotated: rotateLog,
};

async function killWorker(scene: Scene): Promise<string | null> {
  const pids = await workersOf(scene.daemon.pid);
  const pid = pids[Math.floor(scene.random() * pids.length)];
  if (pid === undefined) return "there was no worker to be killed";
  process.kill(pid, "SIGKILL");
  await within(5_000, async () => !(await workersOf(scene.daemon.pid)).includes(pid));
  const isWhole = await within(20_000, async () => (await statusOf(scene.spool))?.workersReady === WORKERS);
  return isWhole ? null : "no worker took the place of the one that was killed";
}

async function stopDaemon(scene: Scene): Promise<string | null> {
  const hasStood = await whileStopped(scene.daemon, async () => {
    await scene.check();
    await sleep(STOPPED_MS);
  });
  return hasStood ? null : "the daemon did not stand still";
}

/** Producers must be told, and the daemon must wait; both go on by themselves. */
async function fillDisk(scene: Scene): Promise<string | null> {
  const { disk, producers } = scene;
  if (disk === undefined) return null;
  const refusals = (): number => producers.reduce((sum, { refused }) => sum + (refused()["DISK_FULL"] ?? 0), 0);
  const before = refusals();
  await disk.fill();
  const isTold = await within(20_000, () => refusals() > before);
  const isPaused = await within(20_000, async () => (await statusOf(scene.spool))?.paused?.includes("full") ?? false);
  await sleep(STOPPED_MS);
  await disk.free();
  const goesOn = await within(60_000, async () => (await statusOf(scene.spool))?.paused === null);
  if (!goesOn) return "the daemon stayed paused when there was room again";
  return isTold && isPaused ? null : `a full disk was told to ${isTold ? "producers alone" : "no producer"}`;
}

async function killProducer(scene: Scene): Promise<string | null> {
  const index = Math.floor(scene.random() * scene.producers.length);
  const producer = scene.producers[index];
  producer?.child.kill("SIGKILL");
  const how = await producer?.ended;
  scene.replace(index);
  return how === "SIGKILL" ? null : `a producer ended as ${how}`;
}

/** What is no task at all, what somebody is writing still, and what looks like a task and is none. */
async function dropJunk(scene: Scene): Promise<string | null> {
  const { spool } = scene;
  const names = Array.from(
    { length: JUNK },
    (_, index) => `junk-${index}${[".txt", ".tmp", ".txt", ".part", ".json"][index % 5]}`,
  );
  for (const name of names) await writeFile(join(spool, "tasks", name), '{"source":');
  const broken = names.filter((name) => name.endsWith(".json"));
  const rejected = async (): Promise<readonly string[]> =>
    (await readdir(join(spool, "rejected"))).filter((name) => name.startsWith("junk-"));
  const areRejected = await within(120_000, async () => (await rejected()).length >= 2 * broken.length);
  for (const name of names) await rm(join(spool, "tasks", name), { force: true });
  for (const name of await rejected()) await unlink(join(spool, "rejected", name));
  return areRejected ? null : "drops that are no tasks were not rejected";
}

/** A file lies where a directory of outputs was, for a while. */
async function blockOutputs(scene: Scene): Promise<string | null> {
  const [place, aside] = [join(scene.directory, "out/shared"), join(scene.directory, "aside")];
  const failed = async (): Promise<number> => (await readdir(join(scene.spool, "failed"))).length;
  const before = await failed();
  await rename(place, aside);
  await writeFile(place, "");
  const hasFailed = await within(20_000, async () => (await failed()) > before);
  await sleep(1_000);
  await unlink(place);
  await rename(aside, place);
  return hasFailed ? null : "no task failed whose directory was a file";
}

/** So much happens while the daemon stands still that the kernel drops what comes then. */
async function loseEvents(scene: Scene): Promise<string | null> {
  const most = Number(await readFile("/proc/sys/fs/inotify/max_queued_events", "utf8"));
  const hasStood = await whileStopped(scene.daemon, async () => {
    // Each is told twice at least: that it came and that it went.
    for (let index = 0; index < most * 0.6; index++) {
      const path = join(scene.spool, "tasks", `event-${index}.tmp`);
      await writeFile(path, "");
      await unlink(path);
    }
  });
  return hasStood ? null : "the daemon did not stand still";
}

/** They come, say nothing or rubbish, and stay for a while. */
async function inviteCallers({ spool }: Scene): Promise<string | null> {
  const callers: Socket[] = [];
  let connected = 0;
  for (let index = 0; index < CALLERS; index++) {
    const caller = connect(join(spool, "run/spoold.sock"), () => {
      connected += 1;
      if (index % 2 === 0) caller.write("rubbish\n");
    });
    caller.on("error", () => undefined).resume();
    callers.push(caller);
  }
  const areThere = await within(10_000, () => connected === CALLERS);
  await sleep(1_000);
  for (const caller of callers) caller.destroy();
  return areThere ? null : `of ${CALLERS} callers ${connected} were let in`;
}

async function rotateLog({ directory, daemon }: Scene): Promise<string | null> {
  await rename(join(directory, "log.txt"), join(directory, `log-${Date.now()}.txt`));
  process.kill(daemon.pid, "SIGHUP");
  const isNew = await within(20_000, async () => (await readdir(directory)).includes("log.txt"));
  return isNew ? null : "the log was not opened anew";
}
