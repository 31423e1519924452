import type { CompletedCommand, Kind } from "./model.ts";
import { type Spelling, spelled } from "./spelling.ts";

/** The completion for fish, from 3.0 on. */
export function fishCompletion(commands: readonly CompletedCommand[], recipes: readonly string[]): string {
  const lines = commands.flatMap(({ name, tells, options, takes }) => {
    const within = `complete -c spoold -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c spoold -n __fish_use_subcommand -a ${name} -d ${quoted(tells)}`,
      ...(takes === null ? [] : [`${within} ${fill(takes, recipes)}`]),
      ...options.map(({ flag, tells: told, value }) => {
        const takesValue = value === null ? "" : ` -r ${fill(value, recipes)}`.trimEnd();
        return `${within} -l ${flag.slice(2)}${takesValue} -d ${quoted(told)}`;
      }),
    ];
  });
  return `${HEAD}
complete -c spoold -f
complete -c spoold -n __fish_use_subcommand -l help -d 'show examples and options'
complete -c spoold -n __fish_use_subcommand -l version -d 'print the version'
${lines.map((line) => line.trimEnd()).join("\n")}
`;
}

const HEAD = `# fish completion for spoold. Made by: spoold completion fish

# The spool that is meant by the words so far.
function __spoold_dir
    set -l dir spool
    set -q SPOOLD_DIR; and set dir $SPOOLD_DIR
    set -l words (commandline -opc)
    for i in (seq (count $words))
        switch $words[$i]
            case --spool
                test $i -lt (count $words); and set dir $words[(math $i + 1)]
            case '--spool=*'
                set dir (string replace -- --spool= '' $words[$i])
        end
    end
    echo $dir
end

# Names alone tell numbers: 42.json 42.p5.json 1795251600000.42.a2.json
function __spoold_numbers
    set -l dir (__spoold_dir)
    for state in $argv
        command ls -f $dir/$state 2>/dev/null | head -n 2000
    end | string match -rg '^(?:\\d+\\.)?(\\d+)(?:\\.p\\d+)?(?:\\.a\\d+)?\\.json$' | sort -nu
end

function __spoold_recipes
    string join \\n -- $argv
    command ls (__spoold_dir)/recipes 2>/dev/null | string match -rg '(.+)\\.json$'
end

function __spoold_batches
    command ls (__spoold_dir)/run/batches 2>/dev/null
end
`;

const SPELLING: Spelling = {
  words: (words) => `-x -a ${quoted(words.join(" "))}`,
  files: "-F",
  directories: "-x -a '(__fish_complete_directories)'",
  recipes: (recipes) => `-x -a ${quoted(`(__spoold_recipes ${recipes.join(" ")})`)}`,
  batches: "-x -a '(__spoold_batches)'",
  numbers: (states) => `-x -a ${quoted(`(__spoold_numbers ${states.join(" ")})`)}`,
  anything: "",
};

function fill(kind: Kind, recipes: readonly string[]): string {
  return spelled(kind, SPELLING, recipes);
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
