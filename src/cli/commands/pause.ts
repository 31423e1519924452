import { layoutOf, requireSpool } from "../../spool/layout.ts";
import { readPauseFile } from "../../spool/pause-file.ts";
import { pauseSpool, resumeSpool } from "../../spool/spool-moves.ts";
import { realSystem } from "../../system.ts";
import type { CommonOptions } from "../options.ts";
import { tell } from "../output.ts";

interface PauseOptions extends CommonOptions {
  readonly reason?: string;
}

/** Lets the daemon start nothing more; what runs goes to its end. A spool that is paused already is no error. */
export async function pause({ spool, reason = "" }: PauseOptions): Promise<number> {
  const system = realSystem();
  const layout = layoutOf(spool);
  await requireSpool(system, layout);
  if (await pauseSpool(system, layout, reason)) {
    tell("spoold: paused; what runs goes to its end");
    return 0;
  }
  const known = await readPauseFile(system, layout);
  tell(`spoold: paused already${known ? `: ${known}` : ""}`);
  return 0;
}

/** Ends a pause, also one that the daemon has made for failures alike. That there was none is no error. */
export async function resume({ spool }: CommonOptions): Promise<number> {
  const system = realSystem();
  const layout = layoutOf(spool);
  await requireSpool(system, layout);
  tell((await resumeSpool(system, layout)) ? "spoold: resumed" : "spoold: was not paused by hand");
  return 0;
}
