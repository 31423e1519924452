import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Torture, TortureReport } from "../torture-context.ts";
import { attackByPath } from "./paths.ts";
import { race } from "./races.ts";
import { drawOnTerminals } from "./terminal.ts";
import { tryValues } from "./values.ts";

/** Tasks that mean harm: as text, by their paths, against a process that swaps links, and by what they let be drawn. */
export const tasks: Torture = {
  tells: "prefixes of tasks, arbitrary values, attacks by path, races against swapped links, control characters",
  rounds: 1_000,
  async run({ directory, seed, rounds, say }) {
    say(`every prefix of ${rounds} tasks, ${100 * rounds} values`);
    const parts: Record<string, TortureReport> = { values: tryValues(seed, { tasks: rounds, values: 100 * rounds }) };
    for (const part of ["paths", "races", "terminals"]) await mkdir(join(directory, part));
    say("attacks by path");
    parts["paths"] = await attackByPath(join(directory, "paths"));
    say("races");
    parts["races"] = await race(join(directory, "races"), Math.ceil(rounds / 2));
    say("terminals");
    parts["terminals"] = await drawOnTerminals(join(directory, "terminals"));
    const named = Object.entries(parts);
    const all = <T>(of: (report: TortureReport) => Readonly<Record<string, T>>): Record<string, T> =>
      Object.fromEntries(
        named.flatMap(([part, report]) =>
          Object.entries(of(report)).map(([name, value]) => [`${part} ${name}`, value]),
        ),
      );
    const faults = named.flatMap(([part, report]) => report.faults.map((fault) => `${part}: ${fault}`));
    return { faults, counts: all(({ counts }) => counts), figures: all(({ figures }) => figures) };
  },
};
