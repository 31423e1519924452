import type { CompletedCommand, CompletedOption } from "./model.ts";
import { type Spelling, spelled } from "./spelling.ts";

/** The completion for zsh: as a file `_spoold` in fpath, or to be sourced after `compinit`. */
export function zshCompletion(commands: readonly CompletedCommand[], recipes: readonly string[]): string {
  const described = commands.map(({ name, tells }) => `    ${quoted(`${name}:${tells}`)}`);
  const cases = commands.map(({ name, options, takes }) => {
    const specs = options.map((option) => optionSpec(option, recipes));
    if (takes !== null) specs.push(quoted(`*: :${spelled(takes, SPELLING, recipes)}`));
    return `        ${name}) _arguments ${specs.join(" \\\n          ")} ;;`;
  });
  return `${HEAD}
_spoold() {
  local curcontext="$curcontext" state line ret=1
  local -a commands
  commands=(
${described.join("\n")}
  )
  _arguments -C '(- *)--help[show examples and options]' '(- *)--version[print the version]' \\
    '1: :->command' '*:: :->rest' && ret=0
  case $state in
    command) _describe -t commands command commands && ret=0 ;;
    rest)
      case \${(Q)words[1]} in
${cases.join("\n")}
      esac && ret=0 ;;
  esac
  return ret
}

if [ "$funcstack[1]" = _spoold ]; then _spoold "$@"; else compdef _spoold spoold; fi
`;
}

const HEAD = `#compdef spoold
# zsh completion for spoold. Made by: spoold completion zsh

# The spool that is meant by the words so far.
_spoold_dir() {
  local at=\${words[(I)--spool]}
  if (( at )); then REPLY=\${(Q)words[at+1]}; else REPLY=\${SPOOLD_DIR:-spool}; fi
  at=\${words[(I)--spool=*]}
  (( at )) && REPLY=\${(Q)words[at]#--spool=}
}

# Names alone tell numbers: 42.json 42.p5.json 1795251600000.42.a2.json
_spoold_numbers() {
  local REPLY state; local -a numbers
  _spoold_dir
  numbers=($(for state in "$@"; do command ls -f "$REPLY/$state" 2>/dev/null | head -n 2000; done |
    sed -nE 's/^([0-9]+\\.)?([0-9]+)(\\.p[0-9]+)?(\\.a[0-9]+)?\\.json$/\\2/p' | sort -nu))
  compadd -V numbers -a numbers
}

_spoold_recipes() {
  local REPLY; local -a recipes
  _spoold_dir
  recipes=("$@" $(command ls "$REPLY/recipes" 2>/dev/null | sed -n 's/\\.json$//p'))
  compadd -a recipes
}

_spoold_batches() {
  local REPLY; local -a batches
  _spoold_dir
  batches=($(command ls "$REPLY/run/batches" 2>/dev/null))
  compadd -a batches
}
`;

const SPELLING: Spelling = {
  words: (words) => `(${words.join(" ")})`,
  files: "_files",
  directories: "_directories",
  recipes: (recipes) => `{_spoold_recipes ${recipes.join(" ")}}`,
  batches: "{_spoold_batches}",
  numbers: (states) => `{_spoold_numbers ${states.join(" ")}}`,
  anything: "",
};

/** Options may be given in any order, and some more than once. */
function optionSpec({ flag, tells, value }: CompletedOption, recipes: readonly string[]): string {
  const told = `[${tells.replace(/[[\]\\:]/g, "\\$&")}]`;
  return value === null ? quoted(`${flag}${told}`) : quoted(`*${flag}=${told}: :${spelled(value, SPELLING, recipes)}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
