/** Asks real shells what they would complete. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { cleanEnvironment } from "./cli.ts";

const run = promisify(execFile);

/** What a shell offers for the last of some words. */
export type Ask = (
  directory: string,
  words: readonly string[],
  env?: Readonly<Record<string, string>>,
) => Promise<string[]>;

interface Shell {
  /** Checks the syntax of a script, and nothing else. */
  readonly check: readonly [command: string, ...args: string[]];
  readonly ask: Ask;
}

/** Each reads its completion from a file of its name in the directory. */
export const SHELLS: Readonly<Record<"bash" | "zsh" | "fish", Shell>> = {
  bash: { check: ["bash", "--norc", "-n"], ask: askBash },
  zsh: { check: ["zsh", "-f", "-n"], ask: askZsh },
  fish: { check: ["fish", "--no-config", "-n"], ask: askFish },
};

/** Whether a shell is to be had; says so where it is not. */
export async function isThere(shell: keyof typeof SHELLS): Promise<boolean> {
  return run(shell, ["--version"]).then(
    () => true,
    () => {
      process.stderr.write(`no ${shell} here: its completion is only read, not tried\n`);
      return false;
    },
  );
}

async function lines(directory: string, file: string, args: readonly string[], env = {}): Promise<string[]> {
  const { stdout } = await run(file, args, { cwd: directory, env: cleanEnvironment(env) });
  return stdout.split("\n").filter((line) => line !== "");
}

function askBash(directory: string, words: readonly string[], env = {}): Promise<string[]> {
  const script = `source ./bash; COMP_WORDS=("$@"); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    $(complete -p spoold | sed 's/.*-F \\([^ ]*\\).*/\\1/'); printf '%s\\n' "\${COMPREPLY[@]}"`;
  return lines(directory, "bash", ["--norc", "--noprofile", "-c", script, "bash", ...words], env);
}

async function askFish(directory: string, words: readonly string[], env = {}): Promise<string[]> {
  const script = "source ./fish; complete -C (string join -- ' ' (string escape -- $argv[1..-2]) $argv[-1])";
  const offered = await lines(directory, "fish", ["--no-config", "-c", script, ...words], { ...env, HOME: directory });
  return offered.map((line) => line.split("\t")[0] ?? "");
}

/**
 * An interactive zsh behind a terminal of its own: what its completion hands to `compadd` is printed between `<` and
 * `>`, and then `<END>`.
 * What is typed is echoed, so these signs are typed in two pieces.
 */
const ZSH = `
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1=; autoload -Uz compinit; compinit -u -D; source $1"
zpty -w z '
show() {
  compadd() { local -a hits; builtin compadd -O hits "$@"; builtin print -rl -- "<\${(@)^hits}>"; builtin compadd "$@" }
  _main_complete
  unfunction compadd; compstate[insert]=; compstate[list]=; builtin print -r -- "<E""ND>"
}
zle -C show complete-word show
bindkey "^I" show
print -r -- "<READ""Y>"'
local out
until [[ $out == *"<READY>"* ]]; do zpty -r z out; done
zpty -n -w z "$2"$'\\t'
until [[ $out == *"<END>"* ]]; do zpty -r z out; print -rn -- $out; done
zpty -d z
`;

async function askZsh(directory: string, words: readonly string[], env = {}): Promise<string[]> {
  const last = words.at(-1) ?? "";
  const line = [...words.slice(0, -1).map((word) => (word.includes(" ") ? `'${word}'` : word)), last].join(" ");
  const home = { HOME: directory, TERM: "dumb" };
  const args = ["-f", "-c", `f() { ${ZSH} }; f "$@"`, "zsh", join(directory, "zsh"), line];
  const { stdout } = await run("zsh", args, { cwd: directory, env: cleanEnvironment({ ...env, ...home }) });
  const offered = [...stdout.matchAll(/<([^<>\n]*)>/g)].map(([, word = ""]) => word);
  return [...new Set(offered)].filter((word) => word !== "" && word !== "END" && word !== "READY");
}
