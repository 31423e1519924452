/** How many cores and how much memory workers may have. */
import { availableParallelism, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { ignoring, type System } from "../../system.ts";
import { size } from "../output.ts";
import { type DoctorContext, type Hint, ok, warn } from "./hint.ts";

/** @param cores that this process may use; a container may allow less than one */
export function judgeCores(concurrency: number, cores: number): Hint {
  const tells = `${concurrency} workers on ${Number(cores.toFixed(1))} cores`;
  if (concurrency <= Math.max(1, Math.ceil(cores)) * 2) return ok("cores", tells);
  return warn("cores", tells, "lower --concurrency: more workers only take turns, and each takes memory");
}

/** @param limit of the container, or the memory of the machine */
export function judgeMemory(concurrency: number, workerMemory: number, limit: number): Hint {
  const tells = `${concurrency} workers of up to ${size(workerMemory)}, ${size(limit)} of memory`;
  if (concurrency * workerMemory <= limit) return ok("memory", tells);
  return warn(
    "memory",
    tells,
    "lower --concurrency or --worker-memory, or large pictures together get a worker killed",
  );
}

export async function resourceHints({ system, settings }: DoctorContext): Promise<readonly Hint[]> {
  const { concurrency, workerMemory } = settings;
  const cores = Math.min(availableParallelism(), await allowed(system, "cpu.max", coresIn));
  const memory = Math.min(totalmem(), await allowed(system, "memory.max", Number));
  return [judgeCores(concurrency, cores), judgeMemory(concurrency, workerMemory, memory)];
}

/** `max 100000` or `150000 100000`: microseconds of each period. */
function coresIn(text: string): number {
  const [quota, period] = text.split(" ").map(Number);
  return (quota ?? Number.NaN) / (period ?? Number.NaN);
}

/** The lowest limit that this process' control group (version 2) or one above it has; Infinity for none. */
async function allowed({ fs }: System, file: string, read: (text: string) => number): Promise<number> {
  const groups = await ignoring(["ENOENT"], fs.readFile("/proc/self/cgroup", "utf8"));
  const own = /^0::(\/.*)$/m.exec(groups ?? "")?.[1];
  let lowest = Number.POSITIVE_INFINITY;
  for (let group = own; group !== undefined; group = group === "/" ? undefined : dirname(group)) {
    const path = join("/sys/fs/cgroup", group, file);
    const text = await ignoring(["ENOENT", "EACCES", "ENOTDIR"], fs.readFile(path, "utf8"));
    const limit = read(text?.trim() ?? "");
    // `max` is no number, and no limit.
    if (text !== undefined && limit > 0) lowest = Math.min(lowest, limit);
  }
  return lowest;
}
