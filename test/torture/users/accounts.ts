/** Processes of other accounts. Accounts are numbers: none of them needs a name. Needs root. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cleanEnvironment } from "../../support/cli.ts";

export const ACCOUNTS = { daemon: 64_000, alice: 64_001, bob: 64_002 } as const;
export type Account = keyof typeof ACCOUNTS;
/** Alice and Bob share it with the daemon. */
export const GROUP = 64_010;

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Starts a shell script as an account, with words as `$1` and so on. */
export function startAs(
  account: Account,
  directory: string,
  script: string,
  words: readonly string[] = [],
): ChildProcess {
  return spawn("sh", ["-c", script, "sh", ...words], {
    cwd: directory,
    uid: ACCOUNTS[account],
    gid: GROUP,
    env: { ...cleanEnvironment(), HOME: directory },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Runs a shell script as an account, to its end. */
export async function runAs(
  account: Account,
  directory: string,
  script: string,
  words: readonly string[] = [],
): Promise<Ended> {
  const child = startAs(account, directory, script, words);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  const [code] = await once(child, "close");
  return { code, output };
}
