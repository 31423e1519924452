import type { CompletedCommand, Kind } from "./model.ts";
import { type Spelling, spelled } from "./spelling.ts";

/** The completion for bash, from 3.2 on. Where it has nothing to say, bash completes names of files. */
export function bashCompletion(commands: readonly CompletedCommand[], recipes: readonly string[]): string {
  const values = commands.flatMap(({ name, options }) =>
    options.flatMap(({ flag, value }) => (value === null ? [] : [`${name}:${flag}) ${fill(value, recipes)} ;;`])),
  );
  const words = commands.map(({ name, options, takes }) => {
    const flags = options.map(({ flag }) => flag).join(" ");
    return `${name})
      if [[ $cur == -* ]]; then _spoold_words ${quoted(flags)}; else ${takes === null ? ":" : fill(takes, recipes)}; fi ;;`;
  });
  return `${HEAD}
_spoold() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= i
  COMPREPLY=()
  # --flag=value comes as three words.
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in -*) ;; *) command=\${COMP_WORDS[i]}; break ;; esac
  done
  case $command:$prev in
    ${values.join("\n    ")}
    *) case $command in
    "") _spoold_words ${quoted([...commands.map(({ name }) => name), "--help", "--version"].join(" "))} ;;
    ${words.join("\n    ")}
    esac ;;
  esac
}
complete -o default -F _spoold spoold
`;
}

const HEAD = `# bash completion for spoold. Made by: spoold completion bash

_spoold_words() {
  COMPREPLY=($(compgen -W "$1" -- "$cur"))
}

# The spool that is meant by the words so far.
_spoold_dir() {
  local i dir=\${SPOOLD_DIR:-spool}
  for ((i = 1; i < COMP_CWORD - 1; i++)); do
    [[ \${COMP_WORDS[i]} == --spool ]] || continue
    dir=\${COMP_WORDS[i+1]}
    [[ $dir == = ]] && dir=\${COMP_WORDS[i+2]}
  done
  printf '%s' "$dir"
}

# Names alone tell numbers: 42.json 42.p5.json 1795251600000.42.a2.json
_spoold_numbers() {
  local dir=$(_spoold_dir) state
  _spoold_words "$(for state in "$@"; do command ls -f "$dir/$state" 2>/dev/null | head -n 2000; done |
    sed -nE 's/^([0-9]+\\.)?([0-9]+)(\\.p[0-9]+)?(\\.a[0-9]+)?\\.json$/\\2/p' | sort -nu)"
}

_spoold_recipes() {
  local dir=$(_spoold_dir)
  _spoold_words "$1 $(command ls "$dir/recipes" 2>/dev/null | sed -n 's/\\.json$//p')"
}

_spoold_batches() {
  local dir=$(_spoold_dir)
  _spoold_words "$(command ls "$dir/run/batches" 2>/dev/null)"
}
`;

const SPELLING: Spelling = {
  words: (words) => `_spoold_words ${quoted(words.join(" "))}`,
  // What is left to bash: it quotes names as they need it.
  files: ":",
  directories: ":",
  recipes: (recipes) => `_spoold_recipes ${quoted(recipes.join(" "))}`,
  batches: "_spoold_batches",
  numbers: (states) => `_spoold_numbers ${states.join(" ")}`,
  anything: ":",
};

function fill(kind: Kind, recipes: readonly string[]): string {
  return spelled(kind, SPELLING, recipes);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
