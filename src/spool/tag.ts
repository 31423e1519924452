import { createHash } from "node:crypto";
import type { System } from "../system.ts";
import type { Layout } from "./layout.ts";

/** Tells the temporaries of this spool from those of others that write into the same directories. */
export async function spoolTagOf({ fs }: System, { root }: Pick<Layout, "root">): Promise<string> {
  const { dev, ino } = await fs.lstat(root);
  return createHash("sha256").update(`${dev}:${ino}`).digest("hex").slice(0, 8);
}
