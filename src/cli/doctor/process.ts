/** The process that a daemon would be: Node, its account, its descriptors, the clock. */
import { join } from "node:path";
import { MAX_SOCKET_PATH } from "../../spool/control.ts";
import { bootId } from "../../spool/owner.ts";
import { ignoring } from "../../system.ts";
import { duration } from "../output.ts";
import { bad, type DoctorContext, type Hint, ok, warn } from "./hint.ts";

/** The oldest Node that spoold runs on, as package.json says. */
const NEEDED_NODE = [20, 19] as const;

export function judgeNode(version: string): Hint {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [neededMajor, neededMinor] = NEEDED_NODE;
  const isEnough = major > neededMajor || (major === neededMajor && minor >= neededMinor);
  return isEnough ? ok("node", version) : bad("node", version, `install Node ${NEEDED_NODE.join(".")} or newer`);
}

export function judgeAccount(uid: number | undefined): Hint {
  if (uid !== 0) return ok("account", uid === undefined ? "unknown" : `uid ${uid}`);
  return warn("account", "root", "pictures come from strangers: run the daemon under an account of its own");
}

/** @param limit open files that one process may have; undefined where the system does not tell */
export function judgeDescriptors(limit: number | undefined): Hint {
  if (limit === undefined) return ok("ulimit -n", "unknown");
  const tells = limit === Number.POSITIVE_INFINITY ? "unlimited" : String(limit);
  if (limit < 256) return bad("ulimit -n", tells, "ulimit -n 1024 before the start, or LimitNOFILE= in the unit");
  if (limit < 1_024) return warn("ulimit -n", tells, "ulimit -n 1024 before the start, or LimitNOFILE= in the unit");
  return ok("ulimit -n", tells);
}

/** @param behindMs by how much the clock is behind a file of the spool */
export function judgeClock(behindMs: number, boot: string | null): Hint {
  if (behindMs > CLOCK_SLACK_MS) {
    const tells = `${duration(behindMs)} behind a file of the spool`;
    return warn("clock", tells, "set the clock: tasks with a time wait longer, and ages are wrong");
  }
  return boot === null
    ? warn("clock", "no boot id", "nothing to be done here: after a crash of the machine every claim counts as begun")
    : ok("clock", `boot ${boot}`);
}

const CLOCK_SLACK_MS = 60_000;

/** A socket's address holds no long path; on Linux there is a way round. */
export function judgeSocket(path: string, platform: string): Hint {
  const tells = `${Buffer.byteLength(path)} bytes`;
  if (platform === "linux" || Buffer.byteLength(path) <= MAX_SOCKET_PATH) return ok("socket path", tells);
  return warn("socket path", tells, "move the spool: status and stop cannot reach the daemon there");
}

export async function processHints({ system, layout }: DoctorContext): Promise<readonly Hint[]> {
  return [
    judgeNode(process.versions.node),
    judgeAccount(process.geteuid?.()),
    judgeDescriptors(await descriptorLimit(system)),
    judgeClock(await behindMs(system, layout.run), await bootId(system)),
    judgeSocket(join(layout.run, "spoold.sock"), process.platform),
  ];
}

async function descriptorLimit({ fs }: DoctorContext["system"]): Promise<number | undefined> {
  const limits = await ignoring(["ENOENT"], fs.readFile("/proc/self/limits", "utf8"));
  const soft = /^Max open files\s+(\S+)/m.exec(limits ?? "")?.[1];
  return soft === undefined ? undefined : soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
}

async function behindMs({ fs, nowMs }: DoctorContext["system"], run: string): Promise<number> {
  const stat = await ignoring(["ENOENT", "ENOTDIR", "EACCES"], fs.lstat(run));
  return stat === undefined ? 0 : stat.mtimeMs - nowMs();
}
