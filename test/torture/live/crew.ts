/** Everybody who is at a spool while things break, each a process of its own: a daemon, producers, and a reader. */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "../bundle.ts";
import type { ProducerNews, ProducerOrder, ProducerWish } from "./producer.ts";

const BIN = fileURLToPath(new URL("../../../bin/spoold.js", import.meta.url));

/** A process, and when it has ended. */
export interface Member {
  readonly child: ChildProcess;
  readonly pid: number;
  lives(): boolean;
  /** Resolves with the exit code or the signal, once nothing of it is left. */
  readonly ended: Promise<number | string | null>;
}

/** A producer, and what it has told. */
export interface Producer extends Member {
  readonly accepted: () => number;
  /** How often it was refused, by code. */
  readonly refused: () => Readonly<Record<string, number>>;
  order(what: ProducerOrder): void;
  /** Resolves when it rests. */
  rested(): Promise<void>;
}

/** Starts a daemon in a directory, on `spool/` in it or on another one; its log goes to `log.txt`. */
export async function startDaemonIn(directory: string, args: readonly string[], spool?: string): Promise<Member> {
  // What a person has set for spools of their own is not meant for this one.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("SPOOLD_")));
  const stderr = await open(join(directory, "stderr.txt"), "a");
  const place = [
    "--spool",
    spool ?? join(directory, "spool"),
    "--root",
    directory,
    "--log-file",
    join(directory, "log.txt"),
  ];
  const child = spawn(process.execPath, [BIN, "start", ...place, ...args], {
    ...{ cwd: directory, env },
    stdio: ["ignore", "ignore", stderr.fd],
  });
  await stderr.close();
  return memberOf(child);
}

/**
 * Makes one file of the producer, since loading it from its sources takes longer than its whole life may.
 * @returns where it lies
 */
export async function buildProducer(directory: string): Promise<string> {
  const outfile = join(directory, "producer.mjs");
  const entry = fileURLToPath(new URL("producer.ts", import.meta.url));
  await bundle(entry, outfile);
  return outfile;
}

export function startProducer(program: string, wish: ProducerWish): Producer {
  const child = fork(program, [JSON.stringify(wish)], { execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  let accepted = 0;
  const refused: Record<string, number> = {};
  const resting: (() => void)[] = [];
  child.on("message", (news: ProducerNews) => {
    if (news.kind === "accepted") accepted += 1;
    else if (news.kind === "refused") refused[news.code] = (refused[news.code] ?? 0) + 1;
    else for (const tell of resting.splice(0)) tell();
  });
  const member = memberOf(child);
  return {
    ...member,
    accepted: () => accepted,
    refused: () => refused,
    order: (what) => void (child.connected && child.send(what, () => undefined)),
    async rested() {
      const told = new Promise<void>((resolve) => resting.push(resolve));
      await Promise.race([told, member.ended]);
    },
  };
}

/** Starts a reader of directories; resolves when it reads. */
export function startReader(ledger: string, directories: readonly string[]): Member {
  const file = fileURLToPath(new URL("../checker/reader.ts", import.meta.url));
  const args = ["--import", "tsx", file, "--ledger", ledger, ...directories];
  return memberOf(spawn(process.execPath, args, { stdio: ["pipe", "inherit", "inherit"] }));
}

function memberOf(child: ChildProcess): Member {
  // An error of the channel or of a spawn that failed is followed by the end, or is one.
  child.on("error", () => undefined);
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | string | null);
  const lives = (): boolean => child.exitCode === null && child.signalCode === null;
  return { child, pid: child.pid ?? 0, lives, ended };
}
