/** Files of JSON, one value a line: read and written piece by piece, however long they are. */
import { dirname } from "node:path";
import { ignoring, type System, syncDirectory, unlinkIfThere } from "../../../system.ts";

/** So many characters are written at once. */
const MAX_HELD = 64 * 1024;

/** A file that is being written. */
export interface LineWriter {
  add(value: unknown): Promise<void>;
  /** Writes down what is held back, for whoever reads the file meanwhile. */
  flush(): Promise<void>;
  /** Makes all of it durable, and closes it. */
  finish(): Promise<void>;
  /** Closes and removes it. */
  drop(): Promise<void>;
}

/** Begins a file that must not be there. */
export async function startLines(system: System, path: string): Promise<LineWriter> {
  const handle = await system.fs.open(path, "wx", 0o600);
  let held = "";
  const flush = async (): Promise<void> => {
    const text = held;
    held = "";
    if (text !== "") await handle.writeFile(text);
  };
  return {
    async add(value) {
      held += `${JSON.stringify(value)}\n`;
      if (held.length >= MAX_HELD) await flush();
    },
    flush,
    async finish() {
      try {
        await flush();
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
    async drop() {
      await handle.close();
      await unlinkIfThere(system, path);
    },
  };
}

/** Adds lines to the end of a file, which is made when it is not there, durably. */
export async function appendLines(system: System, path: string, values: readonly unknown[]): Promise<void> {
  const handle = await system.fs.open(path, "a", 0o600);
  try {
    // What a kill has left of a line ends here.
    await handle.writeFile(`\n${values.map((value) => JSON.stringify(value)).join("\n")}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncDirectory(system, dirname(path));
}

/** The values of a file; none of one that is not there. What is no JSON is passed over. */
export async function* readLines(system: System, path: string): AsyncGenerator<unknown> {
  const handle = await ignoring(["ENOENT"], system.fs.open(path, "r"));
  if (handle === undefined) return;
  try {
    for await (const line of handle.readLines({ autoClose: false })) {
      const value = parsed(line);
      if (value !== undefined) yield value;
    }
  } finally {
    await handle.close();
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Half a line, or none.
    return undefined;
  }
}
