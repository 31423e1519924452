/** Parts of a daemon in the process of a test, on a real spool. */
import { join } from "node:path";
import { resolveSettings, type Settings } from "../../src/config.ts";
import { type DaemonContext, openContext } from "../../src/daemon/context.ts";
import type { Log } from "../../src/log.ts";
import type { Layout } from "../../src/spool/layout.ts";
import { realSystem, type System } from "../../src/system.ts";
import { encodeTask } from "../../src/task/key.ts";
import type { Task } from "../../src/task/task.ts";
import { newSpool, put } from "./directories.ts";

export const SILENT_LOG: Log = { event() {}, reopen() {}, dropped: () => 0, close() {} };

/** What the parts of a daemon that owns a spool work with; the outputs lie beside the spool. */
export async function contextOn(
  layout: Layout,
  { system = realSystem(), ...settings }: Partial<Settings> & { readonly system?: System } = {},
): Promise<DaemonContext> {
  const directory = join(layout.root, "..");
  const flags = { roots: [directory], concurrency: 1, settleMs: 0 };
  const defaults = resolveSettings({ flags, env: {}, file: undefined }, { cores: 1, workingDirectory: directory });
  const lock = { isHeld: async () => true, owner: { generation: 1 } } as unknown as DaemonContext["lock"];
  return openContext({
    system,
    layout,
    settings: { ...defaults, ...settings },
    roots: [directory],
    log: SILENT_LOG,
    lock,
  });
}

/** A spool with tasks in it, by their files: `tasks/1.json`. */
export async function spoolWith(tasks: Readonly<Record<string, Task>>): Promise<Layout> {
  const layout = await newSpool();
  for (const [file, task] of Object.entries(tasks)) await put(join(layout.root, file), encodeTask(task));
  return layout;
}

/** A task that makes one picture of another. */
export function making(file: string, of: string, more: Partial<Task> = {}): Task {
  return { source: of, outputs: [{ file }], ...more } as Task;
}
