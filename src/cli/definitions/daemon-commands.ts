import { type Command, Option } from "commander";
import { SETTINGS, type Settings } from "../../config.ts";
import { command, type Exit } from "./define.ts";
import { readWord } from "./readers.ts";
import { settingOption } from "./setting-option.ts";

/** Commands that run the daemon, or tell it something. */
export function defineDaemonCommands(program: Command, exit: Exit): void {
  startCommand(program).action(async (options) => exit(await (await import("../commands/start.ts")).start(options)));
  command(program, "stop", "ask the daemon to finish what runs and end").action(async (options) =>
    exit(await (await import("../commands/stop.ts")).stop(options)),
  );
  command(program, "pause", "let the daemon start nothing more; what runs goes to its end")
    .option("--reason <text>", "why, for those who look at the status")
    .action(async (options) => exit(await (await import("../commands/pause.ts")).pause(options)));
  command(program, "resume", "end a pause, also one that the daemon has made").action(async (options) =>
    exit(await (await import("../commands/pause.ts")).resume(options)),
  );
  systemdCommand(program).action(async (unit, options) =>
    exit(await (await import("../commands/systemd.ts")).systemd(unit, options)),
  );
}

/** Where the daemon would run, and how systemd is to run it. */
function systemdCommand(program: Command): Command {
  return command(program, "systemd", "print the unit files that let systemd run the daemon, or one of them")
    .argument("[unit]", "its name, as spoold.path; default all of the style")
    .addOption(
      new Option("--style <style>", "resident: the daemon stays; path: it is woken when tasks wait, and ends")
        .choices(["resident", "path"])
        .default("resident"),
    )
    .option("--user", "for the manager of your own account, not the system's")
    .option("--account <name>", "the account that the daemon runs under; default your own", readWord)
    .addOption(new Option("--name <name>", "of the units, before the dot").argParser(readWord).default("spoold"))
    .addOption(settingOption("roots"));
}

/** The settings of the daemon are its options. */
function startCommand(program: Command): Command {
  const start = command(program, "start", "run the daemon in the foreground")
    .option("--once", "end when nothing is left to do; exit 1 when a task failed or a drop was rejected")
    .addOption(
      new Option("--until-empty", "end when nothing lies in tasks/ that is to be done now or later").conflicts("once"),
    );
  for (const name of Object.keys(SETTINGS) as (keyof Settings)[]) start.addOption(settingOption(name));
  return start;
}
