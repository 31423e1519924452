import { SpooldError } from "../../errors.ts";
import { readEnding } from "../../spool/endings.ts";
import { findTask } from "../../spool/find.ts";
import { layoutOf, requireSpool } from "../../spool/layout.ts";
import { ignoring, realSystem } from "../../system.ts";
import { parseObject } from "../../task/text.ts";
import type { JsonOptions } from "../options.ts";
import { printJson } from "../output.ts";

/** Shows where a task lies, what it asks for, and its receipt or why it failed. */
export async function show(number: number, options: JsonOptions): Promise<number> {
  const system = realSystem();
  const layout = layoutOf(options.spool);
  await requireSpool(system, layout);
  const found = await findTask(system, layout, number);
  if (found === undefined) throw new SpooldError("TASK_NOT_FOUND", { number });
  const ending = await readEnding(system, layout, number);
  const content = await ignoring(["ENOENT"], system.fs.readFile(found.path, "utf8"));
  const shown = {
    number,
    state: found.state,
    path: found.path,
    attempt: found.entry.attempt,
    task: found.state === "done" || content === undefined ? null : (parseObject(content) ?? null),
    receipt: ending === undefined || ending.kind === "failed" ? null : ending.receipt,
    reason: ending?.kind === "failed" ? ending.reason : null,
  };
  printJson(shown, options.json ? 0 : 2);
  return 0;
}
