import { join } from "node:path";
import { type System, unlinkIfThere } from "../system.ts";
import { restingName } from "../task/name.ts";
import type { Found } from "./find.ts";
import { hasReceipt } from "./finish.ts";
import type { Layout } from "./layout.ts";
import { untilLetGo } from "./let-go.ts";
import { relocate } from "./relocate.ts";

/**
 * Puts a task into `held/`, where nobody else touches it. One that runs is given up: the daemon sees that its file has
 * left `active/`, kills the worker and removes its temporaries.
 * @returns where it lies now; undefined when it has gone elsewhere meanwhile
 * @throws NUMBER_TWICE; DAEMON_SILENT when it was running and may be still
 */
export async function takeAside(system: System, layout: Layout, place: Found): Promise<Found | undefined> {
  const name = restingName(place.entry);
  if (!(await relocate(system, layout, place, { state: "held", name }))) return undefined;
  if (place.state === "active") await untilLetGo(system, layout, place.entry.number);
  return { state: "held", path: join(layout.held, name), entry: place.entry };
}

/**
 * Holds a task.
 * @returns `held`; `ended` when it was just done, whose receipt stands; undefined when it has gone elsewhere meanwhile
 */
export async function holdTask(system: System, layout: Layout, place: Found): Promise<"held" | "ended" | undefined> {
  if (place.state === "held") return "held";
  const held = await takeAside(system, layout, place);
  if (held === undefined) return undefined;
  if (place.state !== "active" || !(await hasReceipt(system, layout, place.entry.number))) return "held";
  // The daemon has looked for the file before the move, and found it: it removes the copy, unless it died meanwhile.
  await unlinkIfThere(system, held.path);
  return "ended";
}
