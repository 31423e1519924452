import { expect, it } from "vitest";
import { newDirectory } from "../../support/directories.ts";
import { users } from "./users.ts";

it.skipIf(process.getuid?.() !== 0 || process.platform !== "linux")(
  "other accounts drop tasks into a spool that is opened to them, and do nothing else there (needs root)",
  async () => {
    const keep = (name: string): Promise<string> => Promise.resolve(name);
    const context = { directory: await newDirectory(), seed: 1, rounds: 100, say: () => undefined, keep };
    expect((await users.run(context)).faults).toEqual([]);
  },
);
