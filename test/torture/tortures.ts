import { addlock } from "./addlock/addlock.ts";
import { clock } from "./clock/clock.ts";
import { events } from "./events/events.ts";
import { locks } from "./locks/locks.ts";
import { order } from "./order/order.ts";
import { bombs } from "./pictures/bombs.ts";
import { pictures } from "./pictures/pictures.ts";
import { power } from "./power/power.ts";
import type { Torture } from "./torture-context.ts";
import { wakeups } from "./wakeups/wakeups.ts";

/** All tortures by name, in the order in which they run when none is named. */
export const TORTURES: Readonly<Record<string, Torture>> = {
  pictures,
  bombs,
  order,
  wakeups,
  locks,
  addlock,
  power,
  clock,
  events,
};
