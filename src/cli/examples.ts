/** A command line, and what it does. */
export type Example = readonly [line: string, does: string];

/** What `--help` shows first, by command; those of the program itself are under its own name. */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  spoold: [
    ["spoold start", "run the daemon on ./spool"],
    ["spoold add --source uploads/cat.jpg --recipe gallery", "enqueue a task, print its number"],
    ["spoold wait 1", "wait until it is done"],
    ["spoold status", "see how much waits, and who works"],
  ],
  start: [
    ["spoold start", "work on ./spool until told to stop"],
    ["spoold start --once", "do what waits, and end"],
    ["spoold start --spool /srv/spool --root /srv/pictures --concurrency 4", "tell where things lie"],
  ],
  stop: [["spoold stop", "end when what runs has ended"]],
  pause: [
    ["spoold pause", "start nothing more"],
    ['spoold pause --reason "moving the disk"', "and say why"],
  ],
  resume: [["spoold resume", "go on"]],
  systemd: [
    ["spoold systemd", "print the unit of a daemon that stays"],
    ["spoold systemd --style path --user", "woken when tasks wait, for your own account"],
    ["spoold systemd spoold.service --account gallery", "one unit, under another account"],
  ],
  add: [
    ["spoold add cat.json dog.json", "enqueue task files"],
    ["spoold add < cat.json", "or one from standard input"],
    ["spoold add --source uploads/cat.jpg --recipe gallery --set album=summer", "or one that a recipe tells"],
  ],
  plan: [
    ["spoold plan cat.json", "show what a task would make"],
    ["spoold plan --source uploads/cat.jpg --recipe gallery", "or a recipe"],
  ],
  status: [
    ["spoold status", "counts, and what runs"],
    ["spoold status --json", "for a program"],
  ],
  top: [
    ["spoold top", "watch the spool"],
    ["spoold top --once", "print it, and end"],
  ],
  list: [
    ["spoold list", "all that has not come to a good end"],
    ["spoold list failed --supplicant alice --older 1d", "what failed of hers, a day ago or longer"],
    ["spoold list done --limit 10 --json", "ten receipts, for a program"],
  ],
  show: [["spoold show 42", "the task, where it lies, and why it failed"]],
  wait: [
    ["spoold wait 41 42", "until both have ended"],
    ["spoold wait --batch summer --timeout 10m", "until a batch has, but no longer"],
  ],
  qshape: [
    ["spoold qshape", "who waits, and since when"],
    ["spoold qshape failed --by batch", "what failed, by batch"],
  ],
  check: [
    ["spoold check", "look for what is not in order"],
    ["spoold check --fix", "and mend what cannot lose anything"],
    ["spoold check --deep --root /srv/pictures", "and compare outputs with their receipts"],
  ],
  prune: [
    ["spoold prune --dry-run", "what the settings would let go"],
    ["spoold prune --done-age 7d --done-count 10000", "receipts, by age and by count"],
    ["spoold prune --failed-age 90d --rejected-age 90d", "what failed, or was no task"],
  ],
  doctor: [["spoold doctor", "is this machine fit for a spool?"]],
  hold: [
    ["spoold hold 41 42", "park two tasks"],
    ["spoold hold --supplicant alice", "or all of hers that have not ended"],
  ],
  release: [
    ["spoold release 41", "let it go on"],
    ["spoold release --all", "let all go on that are held"],
  ],
  retry: [
    ["spoold retry 43", "try it again from the first attempt on"],
    ["spoold list failed --older 1h --json | spoold retry -", "try those that another command tells"],
  ],
  cancel: [
    ["spoold cancel 44", "end it, whether it runs or waits"],
    ["spoold cancel --batch summer --dry-run", "what would be ended of a batch"],
  ],
  schema: [["spoold schema > task.schema.json", "for an editor, or another language"]],
  completion: [
    ["spoold completion bash > ~/.local/share/bash-completion/completions/spoold", "for bash"],
    ["spoold completion zsh > ~/.zfunc/_spoold", "for zsh, with ~/.zfunc in fpath before compinit"],
    ["spoold completion fish > ~/.config/fish/completions/spoold.fish", "for fish"],
  ],
};
