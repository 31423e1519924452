import { drops } from "./drops/drops.ts";
import { order } from "./order/order.ts";
import { bombs } from "./pictures/bombs.ts";
import { pictures } from "./pictures/pictures.ts";
import { sabotage } from "./sabotage/sabotage.ts";
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
  drops,
  tasks,
  users,
  sabotage,
};
