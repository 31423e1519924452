import { Option } from "commander";
import { SETTINGS, type Settings } from "../../config.ts";

/** A setting of the daemon as an option: one row of the table, one flag. */
export function settingOption(name: keyof Settings): Option {
  const { flag, tells, accepts, isSwitch } = SETTINGS[name];
  const option = new Option(isSwitch ? `--${flag}` : `--${flag} <value>`, `${tells} (${accepts})`);
  return name === "roots" ? option.argParser(collect) : option;
}

function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}
