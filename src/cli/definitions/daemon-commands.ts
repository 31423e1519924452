import { type Command, Option } from "commander";
import { SETTINGS, type Settings } from "../../config.ts";
import { command, type Exit } from "./define.ts";
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
