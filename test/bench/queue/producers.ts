import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Bench } from "../bench-context.ts";
import { compare, runPairs } from "../pairs.ts";
import { spreadOf } from "../spread.ts";

const PROCESSES = 8;
const FOR_MS = 3_000;
const PROGRAM = fileURLToPath(new URL("./producer-process.ts", import.meta.url));

interface Produced {
  readonly calls: number;
  readonly longestMs: number;
}

/** What it costs that many processes want the same lock. */
export const producers: Bench = {
  tells: `${PROCESSES} processes that enqueue at once, against one; and the longest that one of them waited`,
  async run({ directory, rounds, say }) {
    const pairs = await runPairs(
      rounds,
      { ours: () => produce(directory, PROCESSES), theirs: () => produce(directory, 1) },
      (round) => say(`pair ${round} of ${rounds}`),
    );
    const rate = ({ calls }: Produced): number => (calls * 1_000) / FOR_MS;
    const longest = spreadOf(pairs.map(({ ours }) => ours.longestMs));
    return {
      figures: [
        {
          kind: "ratio",
          what: `${PROCESSES} processes / one`,
          unit: "tasks/s",
          ...compare(pairs, rate, rate),
          demanded: { atLeast: 0.7 },
        },
        { kind: "value", what: "longest single wait", unit: "ms", value: longest },
      ],
      details: [],
      notes: [`each process enqueues one task after the other for ${FOR_MS / 1_000} s, durable`],
    };
  },
};

async function produce(directory: string, count: number): Promise<Produced> {
  const spool = await mkdtemp(join(directory, "spool-"));
  const started = await Promise.all(Array.from({ length: count }, () => startProducer(spool)));
  for (const { child } of started) child.stdin?.write("go\n");
  const all = await Promise.all(started.map(({ produced }) => produced()));
  return {
    calls: all.reduce((sum, { calls }) => sum + calls, 0),
    longestMs: Math.max(...all.map(({ longestMs }) => longestMs)),
  };
}

async function startProducer(spool: string): Promise<{ child: ChildProcess; produced: () => Promise<Produced> }> {
  const child = spawn(process.execPath, ["--import", "tsx", PROGRAM, spool, String(FOR_MS)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`a producer ended with ${child.exitCode ?? child.signalCode}`);
    return value as string;
  };
  await next();
  return { child, produced: async () => JSON.parse(await next()) as Produced };
}
