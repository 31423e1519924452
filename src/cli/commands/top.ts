import { layoutOf, requireSpool } from "../../spool/layout.ts";
import { realSystem } from "../../system.ts";
import type { CommonOptions } from "../options.ts";
import { printLine } from "../output.ts";
import { openScreen } from "../screen.ts";
import { drawView, takeView } from "../top-view.ts";

interface TopOptions extends CommonOptions {
  readonly once?: true;
}

const DRAW_EVERY_MS = 1_000;
/** To look at a huge spool takes long; looking may take this part of the time at most. */
const LOOK_SHARE = 0.1;
/** Of a print that is made once. */
const PRINTED_ROWS = 60;
const FOOT = ["", "q quits"];

/** Shows a spool live on a terminal, drawn anew each second, until `q` is typed; elsewhere it is printed once. */
export async function top({ spool, once }: TopOptions): Promise<number> {
  const system = realSystem();
  const layout = layoutOf(spool);
  await requireSpool(system, layout);
  if (once || !process.stdout.isTTY) {
    for (const line of drawView(await takeView(system, layout, PRINTED_ROWS), PRINTED_ROWS)) printLine(line);
    return 0;
  }
  const screen = openScreen(process.stdin, process.stdout);
  try {
    while (!screen.isClosed()) {
      const beganMs = system.monotonicMs();
      await requireSpool(system, layout);
      const view = await takeView(system, layout, screen.rows());
      const tookMs = system.monotonicMs() - beganMs;
      screen.draw([...drawView(view, screen.rows() - FOOT.length), ...FOOT]);
      await screen.wait(Math.max(DRAW_EVERY_MS, tookMs / LOOK_SHARE));
    }
  } finally {
    screen.close();
  }
  return 0;
}
