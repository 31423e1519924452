import { addlock } from "./addlock/addlock.ts";
import { clock } from "./clock/clock.ts";
import { crash } from "./crash/crash.ts";
import { drops } from "./drops/drops.ts";
import { events } from "./events/events.ts";
import { faults } from "./faults/faults.ts";
import { kills } from "./kills/kills.ts";
import { locks } from "./locks/locks.ts";
import { order } from "./order/order.ts";
import { bombs } from "./pictures/bombs.ts";
import { pictures } from "./pictures/pictures.ts";
import { power } from "./power/power.ts";
import { sabotage } from "./sabotage/sabotage.ts";
import { soak } from "./soak/soak.ts";
import { tasks } from "./tasks/tasks.ts";
import type { Torture } from "./torture-context.ts";
import { users } from "./users/users.ts";
import { wakeups } from "./wakeups/wakeups.ts";

/** All tortures by name, in the order in which they run when none is named. */
export const TORTURES: Readonly<Record<string, Torture>> = {
  pictures,
  bombs,
  order,
  wakeups,
  kills,
  soak,
  locks,
  addlock,
  drops,
  tasks,
  power,
  clock,
  users,
  sabotage,
  events,
  crash,
  faults,
};
