import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { WorkEnd } from "../../../src/daemon/worker-process.ts";
import type { NewTask } from "../../../src/index.ts";
import { INPUT_FORMATS } from "../../../src/input-formats.ts";
import { loneWorker } from "../../bench/worker.ts";
import { DEFAULT_LIMITS } from "../../support/limits.ts";
import type { Torture } from "../torture-context.ts";
import { BOMBS, type Bomb } from "./bomb-list.ts";

/** How one bomb went off, or did not. */
export interface Blast {
  readonly end: string;
  readonly ms: number;
  /** The largest resident size of its worker, in MiB. */
  readonly peakMib: number;
  readonly fileBytes: number;
  readonly faults: readonly string[];
}

/** Small files that would cost much, each in a worker of its own, under the limits that hold by default. */
export const bombs: Torture = {
  tells: "small files that would cost much; the limits are the default ones, all decoders are open",
  rounds: 1,
  async run({ directory, rounds, say, keep }) {
    const faults: string[] = [];
    const figures: Record<string, number> = {};
    const verdicts: Record<string, number> = {};
    for (let round = 0; round < rounds; round++) {
      for (const bomb of BOMBS) {
        const { end, ms, peakMib, fileBytes, faults: broken } = await explode(directory, bomb);
        say(`${bomb.file} (${fileBytes} bytes): ${end}, ${ms} ms, ${peakMib} MiB`);
        verdicts[end] = (verdicts[end] ?? 0) + 1;
        figures[`${bomb.file} ms`] = ms;
        figures[`${bomb.file} MiB`] = peakMib;
        if (broken.length > 0) faults.push(...broken, `kept as ${await keep(bomb.file, await bomb.make())}`);
      }
    }
    return { faults, counts: { verdicts }, figures };
  },
};

/** The deadline, and how much later a killed worker may be seen to be gone. */
const TIMEOUT_MS = 15_000;
const GRACE_MS = 2_000;
/** More than the costliest picture needs that the limits let pass: an AVIF of 33 megapixels. */
const MOST_MIB = 1_000;

/** Lets one bomb go off in a worker of its own, in a directory that holds nothing else. */
export async function explode(directory: string, { file, make, ends, output = "jpg" }: Bomb): Promise<Blast> {
  const bytes = await make();
  await writeFile(join(directory, file), bytes);
  const task = { source: file, outputs: [{ file: `made.${output}`, width: 400 }] };
  const { ended, ms, peakMib } = await attempt(directory, task);
  const end = ended.kind === "failed" ? ended.error.code : (ENDS[ended.kind] ?? ended.kind);
  const left = (await readdir(directory)).filter((name) => name !== file);
  const faults = [
    ...(ends.includes(end) ? [] : [`${file} ended as ${end}, not as ${ends.join(" or ")}`]),
    ...(ms > TIMEOUT_MS + GRACE_MS ? [`${file} took ${ms} ms`] : []),
    ...(peakMib > MOST_MIB ? [`${file} took ${peakMib} MiB`] : []),
    // A worker publishes nothing; what it prepares is its daemon's to publish, or to remove after a kill.
    ...(ended.kind === "failed" && left.length > 0 ? [`${file} left ${left.join(", ")}`] : []),
  ];
  for (const name of [file, ...left]) await rm(join(directory, name));
  return { end, ms, peakMib, fileBytes: bytes.length, faults };
}

const ENDS: Readonly<Record<string, string>> = {
  prepared: "done",
  timedOut: "TASK_TIMED_OUT",
  crashed: "WORKER_CRASHED",
};

interface Attempt extends Pick<Blast, "ms" | "peakMib"> {
  readonly ended: WorkEnd;
}

async function attempt(directory: string, task: NewTask): Promise<Attempt> {
  const limits = { ...DEFAULT_LIMITS, inputFormats: INPUT_FORMATS };
  const worker = await loneWorker(directory, { limits, timeoutMs: TIMEOUT_MS });
  let peakMib = 0;
  // Of a worker that is gone, and elsewhere than on Linux, nothing is told: what was seen before stands.
  const look = async (): Promise<void> => {
    peakMib = Math.round((await worker.memory().catch(() => ({ peakMib }))).peakMib);
  };
  const watching = setInterval(() => void look(), LOOK_EVERY_MS);
  try {
    const startedAt = performance.now();
    const ended = await worker.attempt(task);
    const ms = Math.round(performance.now() - startedAt);
    await look();
    return { ended, ms, peakMib };
  } finally {
    clearInterval(watching);
    await worker.close();
  }
}

/** The kernel keeps a worker's peak; only what a killed one took at last is missed. */
const LOOK_EVERY_MS = 20;
